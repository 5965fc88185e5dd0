/** Steps that yield items, or further steps to be run in their place. */
export interface Steps<Item extends object> extends Generator<Item | Steps<Item>, void, undefined> {}

/** As {@link Steps}, with waiting in between. */
export interface LaterSteps<Item extends object> extends AsyncGenerator<Item | LaterSteps<Item>, void, undefined> {}

/** The items of steps within steps, to any depth: what `yield*` does, without a call stack as deep as a tree. */
export function* descend<Item extends object>(first: Steps<Item>): Generator<Item> {
  const stack = [first]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { value, done } = top.next()
    if (done === true) stack.pop()
    else if (Symbol.iterator in value) stack.push(value)
    else yield value
  }
}

/** As {@link descend}. */
export async function* descendLater<Item extends object>(first: LaterSteps<Item>): AsyncGenerator<Item> {
  const stack = [first]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { value, done } = await top.next()
    if (done === true) stack.pop()
    else if (Symbol.asyncIterator in value) stack.push(value)
    else yield value
  }
}
