export { type Client, openClient } from './client.ts'
export type { ConnectionOptions } from './connection.ts'
export type { Duplex } from './duplex.ts'
export { rpcFault } from './faults.ts'
export type { Hello } from './hello.ts'
export { BODY_BYTES_MAX } from './limits.ts'
export { type Message, message, NO_BYTES } from './message.ts'
export {
  answerDownload,
  answerUnary,
  answerUpload,
  type CallContext,
  type DownloadMethod,
  download,
  type Handler,
  type UnaryMethod,
  type UploadMethod,
  unary,
  upload,
} from './method.ts'
export { duplexPair } from './pair.ts'
export { type ServedConnection, type ServeOptions, serveConnection } from './server.ts'
export { flag, integer, list, long, nothing, optional, type Shape, type ShapeOf, shape, text, word } from './shape.ts'
export { connectSocket } from './socket/connect.ts'
export { listenSocket } from './socket/listen.ts'
