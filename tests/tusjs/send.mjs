// Sends one file with tus-js-client and prints what happened as one line of JSON.
// node send.mjs '{"file":…,"endpoint":…,"token":…,"metadata":{…},"chunkSize":…,"uploadUrl":…}'
import { createReadStream, statSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const order = JSON.parse(process.argv[2])
const progress = []

const upload = new Upload(createReadStream(order.file), {
  endpoint: order.endpoint,
  uploadUrl: order.uploadUrl ?? null,
  uploadSize: statSync(order.file).size,
  headers: { Authorization: `Bearer ${order.token}` },
  metadata: order.metadata,
  chunkSize: order.chunkSize,
  retryDelays: order.retryDelays ?? null,
  storeFingerprintForResuming: false,
  onChunkComplete: (_size, accepted) => {
    progress.push(accepted)
    process.stderr.write(`accepted ${accepted}\n`)
  },
  onError: (error) => {
    const response = error.originalResponse
    console.log(JSON.stringify({ ok: false, url: upload.url, progress, status: response?.getStatus() ?? null }))
    process.exitCode = 1
  },
  onSuccess: () => {
    console.log(JSON.stringify({ ok: true, url: upload.url, progress }))
  },
})
upload.start()
