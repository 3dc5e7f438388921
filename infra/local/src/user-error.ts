/** Something the person at the keyboard can mend; the message says how. Printed without a stack. */
export class UserError extends Error {}
