// What the simulator runs of the processes of a machine: that which is no process, thread or socket.
export { remoteHandlers } from './remote-fs/handlers.ts'
export { RemoteFilesystems } from './remote-fs/remote-filesystems.ts'
