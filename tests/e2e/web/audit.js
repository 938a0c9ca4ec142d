/* What is hard to read, to reach or to name on the page as it stands; each fault in one line. */
() => {
  const faults = [];
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const parsed = new Map();
  const rgba = (colour) => {
    if (!parsed.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      parsed.set(colour, [r, g, b, a / 255]);
    }
    return parsed.get(colour);
  };
  const over = ([r, g, b, a], below) => [0, 1, 2].map((i) => [r, g, b][i] * a + below[i] * (1 - a));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((one) => (one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== "none") return null;
      layers.push(rgba(style.backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const opacity = (element) => {
    let all = 1;
    for (let one = element; one; one = one.parentElement) all *= Number(getComputedStyle(one).opacity);
    return all;
  };
  const isShown = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const isClipped = style.clip === "rect(0px, 0px, 0px, 0px)" || style.clipPath === "inset(50%)";
    return box.width > 0 && box.height > 0 && box.right > 0 && !isClipped && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const words = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("[aria-hidden=true], .q-focus-helper, script, style").forEach((one) => one.remove());
    copy.querySelectorAll("img[alt]").forEach((one) => one.replaceWith(one.alt));
    return copy.textContent.trim();
  };
  const named = (element) =>
    element.getAttribute("aria-label")?.trim() ||
    (element.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent.trim() || "").join("") ||
    element.title;
  const told = (element) => `<${element.tagName.toLowerCase()} class="${element.className?.baseVal ?? element.className}"> ${words(element).slice(0, 40)}`;

  const root = document.scrollingElement;
  if (root.scrollWidth > innerWidth + 1) {
    const wide = [...document.body.querySelectorAll("*")].filter((one) => {
      if (!isShown(one) || one.getBoundingClientRect().right <= innerWidth + 1) return false;
      for (let up = one.parentElement; up && up !== document.body; up = up.parentElement)
        if (getComputedStyle(up).overflowX !== "visible" && up.getBoundingClientRect().right <= innerWidth + 1) return false;
      return true;
    });
    faults.push(`overflow: ${root.scrollWidth} px on ${innerWidth}: ${wide.slice(0, 4).map(told).join(" | ")}`);
  }

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element) || element.closest("script, style, svg, noscript, [disabled], [aria-disabled=true], .disabled")) continue;
    seen.add(element);
    if (!isShown(element)) continue;
    const below = behind(element);
    if (below === null) continue;
    const style = getComputedStyle(element);
    const [r, g, b, a] = rgba(style.color);
    const ratio = contrast(over([r, g, b, a * opacity(element)], below), below);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) || element.matches(".q-icon, .material-icons");
    if (ratio < (isLarge ? 3 : 4.5) - 0.01) faults.push(`contrast ${ratio.toFixed(2)}: ${told(element)} ${style.color} on rgb(${below.map(Math.round)})`);
  }
  for (const input of document.querySelectorAll("input, select, textarea")) {
    if (input.type === "hidden" || getComputedStyle(input).display === "none" || input.closest("[aria-hidden=true]") || !(isShown(input) || isShown(input.parentElement))) continue;
    const label = [...(input.labels || [])].map(words).join("");
    if (!label && !named(input) && !named(input.closest("[role]") || input)) faults.push(`no label: ${input.outerHTML.slice(0, 160)}`);
  }
  for (const control of document.querySelectorAll("button, a[href], [role=button], [role=tab], [role=switch], [role=checkbox], [role=combobox]")) {
    if (!isShown(control) || control.closest("[aria-hidden=true]")) continue;
    const label = [...(control.labels || [])].map(words).join("");
    if (!words(control) && !named(control) && !label && !named(control.querySelector("[aria-label]") || control)) faults.push(`no name: ${control.outerHTML.slice(0, 160)}`);
  }
  for (const picture of document.querySelectorAll("img:not([alt]), canvas"))
    if (picture.tagName === "IMG" || !picture.closest("[role=img][aria-label]")) faults.push(`a picture without words: ${picture.outerHTML.slice(0, 120)}`);
  const headings = [...document.querySelectorAll("h1, [role=heading][aria-level='1']")].filter(isShown);
  if (headings.length !== 1) faults.push(`${headings.length} headings of level 1: ${headings.map(words).join(" | ")}`);
  const mains = document.querySelectorAll("main, [role=main]").length;
  if (mains !== 1) faults.push(`${mains} main parts`);
  if (!document.documentElement.lang) faults.push("no language");
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  const twice = ids.filter((id, place) => id && ids.indexOf(id) !== place);
  if (twice.length) faults.push(`ids used twice: ${[...new Set(twice)].slice(0, 5)}`);
  return [...new Set(faults)];
}
