// TimescaleDB in WASM behind a real wire-protocol port: one process, any number of databases.
//
//   node server.mjs --modules DIR --write-template FILE   make the empty data directory, once
//   node server.mjs --modules DIR --template FILE         serve until standard input closes
//
// Orders come as JSON lines on standard input and are answered on standard output:
//   {"order": "create", "database": "a"}    optional "template": a name given to "save"
//   {"order": "save", "database": "a", "template": "t"}
//   {"order": "drop", "database": "a"}

import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import readline from 'node:readline'
import { parseArgs } from 'node:util'
import { Database, emptyDataDirectory, engineFrom } from './database.mjs'
import { Session } from './session.mjs'

const EMPTY = ''

class Front {
  #createEngine
  #turnLimitMs
  #templates = new Map()
  #sessions = new Map()
  #nextProcessId = 1
  databases = new Map()

  constructor(createEngine, emptyTemplate, turnLimitMs) {
    this.#createEngine = createEngine
    this.#turnLimitMs = turnLimitMs
    this.#templates.set(EMPTY, emptyTemplate)
  }

  connect(socket) {
    const session = new Session(socket, this, this.#nextProcessId++)
    this.#sessions.set(session.processId, session)
  }

  remove(session) {
    this.#sessions.delete(session.processId)
  }

  cancel(processId, secret) {
    const session = this.#sessions.get(processId)
    if (session?.secret === secret) session.cancel()
  }

  notify(database, notification) {
    for (const session of database.sessions) session.notify(notification)
  }

  async create({ database, template = EMPTY }) {
    if (this.databases.has(database)) throw new Error(`database "${database}" exists`)
    const directory = named(this.#templates, template, 'template')
    const started = await Database.start(this.#createEngine, directory, this.#turnLimitMs)
    this.databases.set(database, started)
  }

  async save({ database, template }) {
    const directory = await named(this.databases, database, 'database').dataDirectory()
    this.#templates.set(template, directory)
  }

  drop({ database }) {
    const dropped = named(this.databases, database, 'database')
    this.databases.delete(database)
    for (const session of dropped.sessions) session.disconnect()
  }
}

function named(map, name, kind) {
  if (!map.has(name)) throw new Error(`${kind} "${name}" does not exist`)
  return map.get(name)
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`)

async function obey(front, line) {
  const { order, ...details } = JSON.parse(line)
  const orders = { create: front.create, save: front.save, drop: front.drop }
  try {
    await orders[order].call(front, details)
    say({ done: order })
  } catch (error) {
    say({ error: String(error?.stack ?? error) })
  }
}

async function serve(createEngine, templateFile, turnLimitMs) {
  const template = new Blob([fs.readFileSync(templateFile)])
  const front = new Front(createEngine, template, turnLimitMs)
  const server = net.createServer((socket) => front.connect(socket))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  say({ port: server.address().port })
  // Standard input closes when the test run ends, however it ends.
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await obey(front, line)
  }
  process.exit(0)
}

async function writeTemplate(createEngine, file) {
  const directory = await emptyDataDirectory(createEngine)
  fs.writeFileSync(file, Buffer.from(await directory.arrayBuffer()))
  process.exit(0)
}

const { values } = parseArgs({
  options: {
    modules: { type: 'string' },
    template: { type: 'string' },
    'write-template': { type: 'string' },
    'turn-limit-ms': { type: 'string', default: '20000' },
  },
})
const createEngine = engineFrom(createRequire(path.join(values.modules, 'package.json')))
if (values['write-template']) await writeTemplate(createEngine, values['write-template'])
else await serve(createEngine, values.template, Number(values['turn-limit-ms']))
