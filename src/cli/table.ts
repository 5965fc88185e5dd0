/** A column of a table: its heading, and where its cells stand. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right' | undefined
}

/** Rows below headings, columns two spaces apart, no trailing spaces, each line ended. Control characters become `?`. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(column => column.title), ...rows.map(row => row.map(printable))]
  const widths = columns.map((_, index) => Math.max(...lines.map(line => letters(line[index] ?? ''))))
  return lines
    .map(line => columns.map((column, index) => cell(line[index] ?? '', widths[index] ?? 0, column)).join('  '))
    .map(line => `${line.trimEnd()}\n`)
    .join('')
}

/** Text that cannot move the cursor or colour the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}

/** Text in which a very long word, such as the path of something very deep, shows only its beginning and end. */
export function shortened(text: string): string {
  return text.replace(LONG_WORD, word => `${word.slice(0, WORD_CHARS_MAX / 2)}[...]${word.slice(-WORD_CHARS_MAX / 2)}`)
}

const WORD_CHARS_MAX = 160
const LONG_WORD = new RegExp(`\\S{${WORD_CHARS_MAX + 5},}`, 'gu')

function cell(text: string, width: number, { align }: Column): string {
  const space = ' '.repeat(Math.max(0, width - letters(text)))
  return align === 'right' ? space + text : text + space
}

// Code points, which is what a terminal gives one cell each in the names most people have.
function letters(text: string): number {
  return Array.from(text).length
}
