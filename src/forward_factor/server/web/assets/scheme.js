/* Which colours the page is in: what the person chose, else what the system likes. A cookie tells the server. */
(() => {
  const cookie = (name) => (document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`)) || [])[1];
  const keep = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
  };
  const liked = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  window.chooseScheme = (scheme) => {
    keep("ff_chosen", scheme);
    keep("ff_scheme", scheme === "auto" ? liked() : scheme);
    location.reload();
  };
  const chosen = cookie("ff_chosen") || "auto";
  const wanted = chosen === "auto" ? liked() : chosen;
  const shown = cookie("ff_scheme") || "light";
  if (wanted !== shown) {
    keep("ff_scheme", wanted);
    if (cookie("ff_scheme") === wanted) location.reload();
  }
})();
