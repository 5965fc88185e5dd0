declare const brand: unique symbol

/** A value that only one constructor may make, such as an inode number. The doc of the id says what it is for. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name }
