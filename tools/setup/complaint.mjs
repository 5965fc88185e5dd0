/** What went wrong and what to do about it, in words for the person at the terminal. */
export class Complaint extends Error {
  constructor(message, remedy, exitCode = 1) {
    super(message)
    this.remedy = remedy
    this.exitCode = exitCode
  }
}
