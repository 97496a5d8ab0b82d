// What goes wrong with a template. `TemplateError` is the only error that leaves this folder for a bad
// template or bad data; its message has the form of Go's text/template ("template: NAME:LINE: ..."), which
// people know how to read. `FunctionError` is thrown by a template's functions and becomes "error calling
// NAME: ..." with its place.

/** A template that does not parse, or that failed or passed a limit while it was rendered. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

/** A function refuses its arguments: the message is what Go's error or panic would say. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError'
}
