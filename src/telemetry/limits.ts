/** Bytes of one file of the audit log. */
export const AUDIT_FILE_BYTES = 8 * 2 ** 20
/** Files of the audit log: the oldest goes when there would be more. */
export const AUDIT_FILES_MAX = 5
/** Lines a minute about one sender who has shown no credential that holds: an IPv4 address, or 64 bits of an IPv6 address. */
export const AUDIT_STRANGER_MAX = 20
/** The same of all of them. */
export const AUDIT_STRANGERS_MAX = 60
/** Milliseconds that lines of the audit log wait to be written together. */
export const AUDIT_WAIT_MS = 1_000
/** Bytes of lines that wait; what comes when there are more is counted and left out. */
export const AUDIT_WAITING_BYTES_MAX = 2 ** 20
/** Characters of one text in a line of the audit log. */
export const AUDIT_TEXT_CHARS_MAX = 512
