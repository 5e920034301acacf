/** What can be wrong with bytes from a meter: a closed set of kinds, each counted, none of them thrown. */

/** Every kind of fault in the order in which a byte meets them; the list the counters are made from. */
export const meterFaultKinds = [
  /** Bytes other than whitespace came between two messages: line noise, a wrong line speed, or a logger's own lines. */
  'bytes-outside-message',
  /** A message began before the one before it had ended: the cable or the meter dropped bytes. */
  'message-cut-short',
  /** A message outgrew `limits.frameBytesMax`, most likely because its end was lost. */
  'message-too-long',
  /** A whole frame is not made of plain nested elements in printable ASCII: bits flipped in a tag or a text. */
  'not-well-formed',
  /** The elements are sound, but no model that we know names itself so. */
  'unknown-model',
  /** The message lacks a field that its type must have. */
  'field-missing',
  /** A field stands twice in one message, so neither can be believed. */
  'field-repeated',
  /** A field's text is not written as the model writes that field, such as a letter among digits. */
  'value-invalid',
  /** A field is well written but outside what the meter can mean, such as hour 25. */
  'value-out-of-range'
] as const

export type MeterFaultKind = (typeof meterFaultKinds)[number]

interface Fault<Kind extends MeterFaultKind> {
  readonly kind: Kind
}

/** Found while cutting the byte stream into frames. */
export interface FrameFault extends Fault<'bytes-outside-message' | 'message-cut-short' | 'message-too-long'> {
  /** How many bytes were lost by the time it was told; whitespace between messages does not count. */
  readonly bytes: number
}

/** Found while reading a frame's elements. */
export interface ElementFault extends Fault<'not-well-formed'> {
  /** Where in the frame sense ended: the index of the first tag or byte that did not fit. */
  readonly offset: number
}

/** Found while choosing the model. */
type ModelFault = Fault<'unknown-model'>

/** Found while reading a message's fields; it rejects the whole message. */
export interface FieldFault extends Fault<'field-missing' | 'field-repeated' | 'value-invalid' | 'value-out-of-range'> {
  /** Path of the field below `msg`, such as `ch1/watts`. */
  readonly field: string
}

export type MeterFault = FrameFault | ElementFault | ModelFault | FieldFault
