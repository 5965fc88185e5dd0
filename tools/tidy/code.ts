const QUOTES = new Set(["'", '"'])

/**
 * The source with the contents of comments, strings and regular expressions replaced by spaces. Offsets and lines stay,
 * and so do the quotes and the expressions inside templates. A lexer of tokens, not a parser: enough to look for names.
 */
export function codeOnly(text: string): string {
  const out = Array.from({ length: text.length }, (_, index) => text.charAt(index))
  const templates: number[] = []
  let depth = 0
  let at = 0
  const blank = (from: number, to: number): void => {
    for (let each = from; each < Math.min(to, text.length); each++) if (out[each] !== '\n') out[each] = ' '
  }
  while (at < text.length) {
    const char = text.charAt(at)
    if (char === '}' && templates.at(-1) === depth) {
      templates.pop()
      at = template(at + 1)
    } else if (char === '`') at = template(at + 1)
    else if (QUOTES.has(char)) at = quoted(endOfString(text, at))
    else if (text.startsWith('//', at)) at = comment(endOf(text, '\n', at))
    else if (text.startsWith('/*', at)) at = comment(endOf(text, '*/', at + 2) + 2)
    else if (char === '/' && startsRegExp(text, at)) at = quoted(endOfRegExp(text, at))
    else {
      if (char === '{') depth++
      if (char === '}') depth--
      at++
    }
  }
  return out.join('')

  /** Blanks a comment. */
  function comment(end: number): number {
    blank(at, end)
    return end
  }

  /** Blanks what is between the marks of a string or regular expression; one the line ends before its mark ends there. */
  function quoted(end: number): number {
    blank(at + 1, end)
    return text.charAt(end) === '\n' ? end : end + 1
  }

  /** Blanks the text of a template up to its end or to its next expression. */
  function template(from: number): number {
    let end = from
    while (end < text.length && text.charAt(end) !== '`' && !text.startsWith('${', end)) {
      end += text.charAt(end) === '\\' ? 2 : 1
    }
    blank(from, Math.min(end, text.length))
    if (text.charAt(end) !== '$') return end + 1
    templates.push(depth)
    return end + 2
  }
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from)
  return end === -1 ? text.length : end
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charAt(at) !== text.charAt(start) && text.charAt(at) !== '\n') {
    at += text.charAt(at) === '\\' ? 2 : 1
  }
  return Math.min(at, text.length)
}

function endOfRegExp(text: string, start: number): number {
  let at = start + 1
  let inClass = false
  while (at < text.length && text.charAt(at) !== '\n' && (inClass || text.charAt(at) !== '/')) {
    if (text.charAt(at) === '[') inClass = true
    if (text.charAt(at) === ']') inClass = false
    at += text.charAt(at) === '\\' ? 2 : 1
  }
  return Math.min(at, text.length)
}

/** A slash divides after a value and starts a regular expression anywhere else. */
function startsRegExp(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at).trimEnd()
  return (
    before === '' || /[([{,;=:!&|?+\-*%<>~^]$/.test(before) || /\b(return|typeof|case|of|in|yield|await)$/.test(before)
  )
}
