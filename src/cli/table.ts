/** A column of a table: its heading, and where its cells stand. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right' | undefined
}

/** Rows below headings, columns two spaces apart, no trailing spaces, each line ended. Control characters become `?`. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(column => column.title), ...rows.map(row => row.map(printable))]
  const widths = columns.map((_, index) => Math.max(...lines.map(line => [...(line[index] ?? '')].length)))
  return lines
    .map(line => columns.map((column, index) => cell(line[index] ?? '', widths[index] ?? 0, column)).join('  '))
    .map(line => `${line.trimEnd()}\n`)
    .join('')
}

/** Text that cannot move the cursor or colour the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}

function cell(text: string, width: number, { align }: Column): string {
  const space = ' '.repeat(Math.max(0, width - [...text].length))
  return align === 'right' ? space + text : text + space
}
