// One WASM database is one backend, so its clients take turns: a turn lasts until the
// transaction ends.

/** A client did not get its turn; `code` is the SQLSTATE it is told. */
export class TurnRefused extends Error {
  constructor(code, reason) {
    super(reason)
    this.code = code
  }
}

export class Turns {
  #owner = null
  #waiting = []
  #limitMs

  constructor(limitMs) {
    this.#limitMs = limitMs
  }

  isOwner(client) {
    return this.#owner === client
  }

  /** Resolves once `client` has the turn; it keeps it until `release`. */
  take(client, { limited = true } = {}) {
    if (this.#owner === null || this.#owner === client) {
      this.#owner = client
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const timer = limited ? setTimeout(() => this.#expire(client), this.#limitMs) : null
      this.#waiting.push({ client, resolve, reject, timer })
    })
  }

  release(client) {
    if (this.#owner !== client) return
    const next = this.#waiting.shift()
    this.#owner = next?.client ?? null
    if (next === undefined) return
    clearTimeout(next.timer)
    next.resolve()
  }

  /** Takes `client` out of the queue; its `take` fails with `refusal`. */
  refuse(client, refusal) {
    const place = this.#waiting.findIndex((waiter) => waiter.client === client)
    if (place < 0) return
    const [waiter] = this.#waiting.splice(place, 1)
    clearTimeout(waiter.timer)
    waiter.reject(refusal)
  }

  #expire(client) {
    const seconds = this.#limitMs / 1000
    const reason =
      `waited ${seconds} s for a turn: TimescaleDB in WASM runs one transaction at a time ` +
      'and another connection has kept one open'
    this.refuse(client, new TurnRefused('55P03', reason))
  }
}
