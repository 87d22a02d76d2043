// A whole application: callers who know the PIN meet in one conference; *9 by the host dials a third, then speaks to
// everybody, then ends it. Only node's core and the FreeClimb SDK, unmodified.
//
//   node server.js '{"base":..,"account":..,"key":..,"secret":..,"pin":"1234","third":"sip:..","number":"+1.."}'
//
// First line on stdout: {"url":"http://127.0.0.1:PORT"}; then a line for each webhook: {"path":..,"body":..}.
// A webhook whose signature is not right gets 403 and is told as {"path":..,"forged":".."}.
// POST /do/talk {"callId":..,"talk":..} changes a participant by REST and answers with what the SDK gave back.
const http = require('http')
const freeclimb = require('@freeclimb/sdk')

const told = JSON.parse(process.argv[2])
const { api, percl, utils } = freeclimb(told.account, told.key)
api.setApiUrl(told.base)
let url, conference
let presses = 0

function askForPin (words) {
  return percl.build(percl.getDigits(url + '/pin', {
    maxDigits: 4, initialTimeoutMs: 10000, digitTimeoutMs: 5000, flushBuffer: true, prompts: [percl.say(words)]
  }))
}

function join (callId, more) {
  const options = { startConfOnEnter: true, notificationUrl: url + '/joined', leaveConferenceUrl: url + '/left' }
  return percl.build(percl.addToConference(conference, callId, Object.assign(options, more)))
}

const controls = [
  () => percl.outDial(told.third, told.number, url + '/dialing', url + '/connected',
    { statusCallbackUrl: url + '/ended', timeout: 10 }),
  () => percl.say('Welcome to the meeting, everybody', { conferenceId: conference }),
  () => percl.terminateConference(conference)
]

const scripts = {
  '/voice': () => askForPin('Please type your pin'),
  '/pin': body => {
    if (body.digits !== told.pin) return askForPin('That is not it. Once more')
    if (conference) return join(body.callId)
    return percl.build(percl.createConference(url + '/created', {
      alias: 'meeting', record: true, playBeep: 'never', statusCallbackUrl: url + '/status'
    }))
  },
  '/created': body => {
    conference = body.conferenceId
    return join(body.callId, { allowCallControl: true, callControlSequence: '*9', callControlUrl: url + '/control' })
  },
  '/control': () => {
    return percl.build(controls[presses++]())
  },
  '/connected': body => body.callStatus === 'inProgress' ? join(body.callId) : []
}

async function change (body) {
  return api.conferences.participants(conference).update(body.callId, { talk: body.talk })
}

function tell (line) {
  process.stdout.write(JSON.stringify(line) + '\n')
}

function webhook (path, text, signature) {
  try {
    utils.verifyRequest(text, signature, told.secret)
  } catch (error) {
    tell({ path, forged: String(error.message) })
    return [403, {}]
  }
  const body = JSON.parse(text)
  tell({ path, body })
  return [200, scripts[path] ? scripts[path](body) : []]
}

async function answer (path, text, headers) {
  if (path !== '/do/talk') return webhook(path, text, headers['freeclimb-signature'])
  try {
    return [200, await change(JSON.parse(text))]
  } catch (error) {
    return [502, { error: String(error.message) }]
  }
}

const server = http.createServer((request, response) => {
  const parts = []
  request.on('data', part => parts.push(part))
  request.on('end', async () => {
    const [status, body] = await answer(request.url, Buffer.concat(parts).toString(), request.headers)
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(body))
  })
})

server.listen(0, '127.0.0.1', () => {
  url = 'http://127.0.0.1:' + server.address().port
  tell({ url })
})
