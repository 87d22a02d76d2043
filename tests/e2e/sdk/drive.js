// Drives the unmodified FreeClimb SDK: a JSON request a line in, a JSON reply a line out, in the order of completion.
//   {"id":1,"path":["conferences","create"],"args":[{...}]}              api.conferences.create({...})
//   {"id":2,"path":["conferences",["participants","CF.."],"get"],...}     api.conferences.participants("CF..").get(...)
//   {"id":3,"percl":[["say","text",{}],["hangup"]]}                       percl.build(percl.say("text",{}), percl.hangup())
//   {"id":4,"verify":{"body":"..","header":"..","secret":".."}}           utils.verifyRequest(...)
//   {"id":5,"enums":["conferenceStatus","POPULATED"]}                     enums.conferenceStatus.POPULATED
// Reply: {"id":1,"ok":true,"result":...} or {"id":1,"ok":false,"error":"..."}.
const readline = require('readline')
const freeclimb = require('@freeclimb/sdk')

const [base, account, key] = process.argv.slice(2)
const sdk = freeclimb(account, key)
sdk.api.setApiUrl(base)

function walk (object, path) {
  let owner = null
  for (const step of path) {
    owner = object
    object = Array.isArray(step) ? object[step[0]](...step.slice(1)) : object[step]
  }
  return [owner, object]
}

async function collect (stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return { bytes: Buffer.concat(parts).toString('base64') }
}

async function run (request) {
  if (request.percl) {
    const commands = request.percl.map(([name, ...args]) => sdk.percl[name](...args))
    return sdk.percl.build(...commands)
  }
  if (request.verify) {
    sdk.utils.verifyRequest(request.verify.body, request.verify.header, request.verify.secret)
    return true
  }
  if (request.enums) return walk(sdk.enums, request.enums)[1]
  const [owner, method] = walk(sdk.api, request.path)
  const result = await method.apply(owner, request.args || [])
  return result && typeof result.pipe === 'function' ? collect(result) : result
}

readline.createInterface({ input: process.stdin }).on('line', line => {
  const request = JSON.parse(line)
  run(request).then(
    result => console.log(JSON.stringify({ id: request.id, ok: true, result: result === undefined ? null : result })),
    error => console.log(JSON.stringify({ id: request.id, ok: false, error: String(error.message || error) })))
})
