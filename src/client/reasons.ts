/** Why a broker refuses, by the names of MQTT 5.0's reason codes; 3.1.1's few codes are told by the same names. */

const firstFailure = 0x80

/** From 0x80 on. */
const names = (
  'unspecified error,malformed packet,protocol error,implementation specific error,protocol version not supported,client id not valid,' +
  'bad username or password,not authorised,server unavailable,server busy,banned,server shutting down,bad authentication method,' +
  'keep alive timeout,session taken over,topic filter invalid,topic name invalid,packet id in use,packet id not found,' +
  'receive maximum exceeded,topic alias invalid,packet too large,message rate too high,quota exceeded,administrative action,' +
  'payload format invalid,retain not supported,QoS not supported,use another server,server moved,shared subscriptions not supported,' +
  'connection rate exceeded,maximum connect time,subscription ids not supported,wildcard subscriptions not supported'
).split(',')

/** Reason codes that the client itself uses. */
export const reason = {
  malformed: 0x81,
  protocolError: 0x82,
  takenOver: 0x8e,
  idNotFound: 0x92,
  aliasInvalid: 0x94,
  tooLarge: 0x95,
  noRetain: 0x9a,
  noQos: 0x9b,
  noShared: 0x9e,
  noIdentifiers: 0xa1,
  noWildcards: 0xa2
} as const

/** What the codes of a CONNACK of 3.1.1 are called in 5.0. */
const codesBefore5 = [0, 0x84, 0x85, 0x88, 0x86, 0x87]

/** The reason code of 5.0 for a CONNACK's code of 3.1.1. */
export function reasonCodeOf(connackCode: number): number {
  return codesBefore5[connackCode] ?? firstFailure
}

/** True for the reason codes that refuse. */
export function isFailure(code: number): boolean {
  return code >= firstFailure
}

/** What a promise of the client is rejected with. */
export class MqttError extends Error {
  /** The reason code of MQTT 5.0, when it was the broker that refused, or would have. */
  readonly reasonCode: number | undefined
  /** What the broker had to add to that, if it had something: its Reason String. */
  readonly reasonString: string | undefined

  constructor(message: string, reasonCode?: number, reasonString?: string) {
    super(message)
    this.name = 'MqttError'
    this.reasonCode = reasonCode
    this.reasonString = reasonString
  }
}

/** A reason code in words, with what the broker has to add. */
export function told(what: string, code: number, reasonString?: string): MqttError {
  const name = names[code - firstFailure] ?? `reason ${code}`
  return new MqttError(`${what}: ${name}${reasonString === undefined ? '' : ` (${reasonString})`}`, code, reasonString)
}

/** Why the broker refused something, if the code says that it did. */
export function refusalIn(code: number, properties?: { readonly reasonString?: string }): MqttError | undefined {
  return isFailure(code) ? told('Refused', code, properties?.reasonString) : undefined
}
