/** What the daemon tells in whole sentences, in German: its own sentence is the key, with `{}` for what differs. Pure. */

const sentences: readonly (readonly [english: string, german: string])[] = [
  // How a meter is
  ['Opening auto.', 'Die Suche beginnt.'],
  ['Opening {}.', '{} wird geöffnet.'],
  [
    'The port is open; waiting for the first message of the meter.',
    'Der Anschluss ist offen; die erste Nachricht des Zählers steht noch aus.'
  ],
  ['Readings arrive.', 'Messwerte kommen an.'],
  [
    "The port is open, but nothing has come for {} s. Check the cable at the meter's side, and that its display is on.",
    'Der Anschluss ist offen, aber seit {} s kommt nichts. Steckt das Kabel fest in der Anzeige, und ist sie an?'
  ],
  ['Messages come, but none can be read: {}.', 'Nachrichten kommen, aber keine ist zu lesen: {}.'],
  [
    'Bytes come, but no message: is it a CurrentCost meter, and is the line speed right at the other end?',
    'Es kommen Bytes, aber keine Nachricht: Ist es ein Zähler von CurrentCost, und stimmt am anderen Ende die Geschwindigkeit?'
  ],
  [
    'Bytes come, but no message: the line speed is most likely not {}. Try {}.',
    'Es kommen Bytes, aber keine Nachricht: Die Geschwindigkeit ist wohl nicht {}. Einen Versuch wert: {}.'
  ],
  [', then --baud', ', dann --baud'],
  [
    'A CC128, Envi or EnviR speaks at 57600, a Classic at 9600 or 2400.',
    'CC128, Envi und EnviR sprechen mit 57600, ein Classic mit 9600 oder 2400.'
  ],
  // Its port
  ['No such device: {}.', 'Diesen Anschluss gibt es nicht: {}.'],
  [
    "Plug in the meter's cable, or name its port with --source.",
    'Das Kabel des Zählers gehört eingesteckt; sein Anschluss lässt sich auch mit --source nennen.'
  ],
  ['Seen here: {}.', 'Zu sehen: {}.'],
  ['Permission denied: {}.', 'Kein Zugriff auf {}.'],
  [
    'Add the user that runs wattslug to the group dialout ({}) and log in again.',
    'Der Benutzer, unter dem wattslug läuft, muss in die Gruppe dialout ({}) und sich neu anmelden.'
  ],
  [
    '{} is held by another program, and only one can read it. Find it with: {}',
    '{} ist von einem anderen Programm belegt, und nur eines kann lesen. Welches, zeigt: {}'
  ],
  ['{} cannot be opened: {}. Is it a serial port?', '{} lässt sich nicht öffnen: {}. Ist es ein serieller Anschluss?'],
  ['{} was closed ({}); it is opened again as soon as it is there.', '{} ging zu ({}) und wird wieder geöffnet, sobald es da ist.'],
  ['{} closed the connection; it is connected to again.', '{} hat die Verbindung beendet; sie wird neu aufgebaut.'],
  ['{} was lost ({}); it is connected to again.', 'Die Verbindung zu {} ging verloren ({}); sie wird neu aufgebaut.'],
  [
    'No connection to {} ({}). Start ser2net or socat there, and check the address.',
    'Keine Verbindung zu {} ({}). Läuft dort ser2net oder socat, und stimmt die Adresse?'
  ],
  ['The recording is at its end: {}.', 'Die Aufzeichnung ist zu Ende: {}.'],
  // The search for it
  ['No meter found yet.', 'Noch ist kein Zähler gefunden.'],
  ['There is no serial port.', 'Es gibt keinen seriellen Anschluss.'],
  ['{} is listened to: {}', 'An {} wird gelauscht: {}'],
  ['no message yet', 'noch keine Nachricht'],
  ['nothing heard yet', 'noch nichts zu hören'],
  ['{} is another meter.', '{} ist ein anderer Zähler.'],
  ['{} speaks something else than a CurrentCost meter.', 'An {} spricht etwas anderes als ein Zähler von CurrentCost.'],
  ['{} is held by {}.', '{} ist von {} belegt.'],
  ['{} is a meter more than the {} that can be read.', '{} ist ein Zähler zu viel: Gelesen werden höchstens {}.'],
  // What is corrected of a sensor
  ['scale {}', 'Faktor {}'],
  ['temperature {}', 'Temperatur {}'],
  ['spike filter', 'ohne Ausreißer'],
  ['fix 144', '144-W-Fehler behoben'],
  // What the doctor found
  [
    'Sensor {}: radio loses {} % of its messages. Bring the display nearer.',
    'Sensor {}: Der Funk verliert {} % der Nachrichten. Die Anzeige gehört näher heran.'
  ],
  [
    "the meter's own clock is {} this machine's. Its history is placed right all the same.",
    'Die Uhr des Zählers geht {}. Sein Verlauf wird trotzdem richtig eingeordnet.'
  ],
  ['ahead of', 'vor'],
  ['behind', 'nach'],
  [
    "This machine's clock is not set: history begins once it is. A time server needs the network.",
    'Die Uhr dieses Rechners ist nicht gestellt: Der Verlauf beginnt, sobald sie es ist. Ein Zeitserver braucht das Netz.'
  ],
  ['Changes need the password.', 'Änderungen brauchen das Passwort.'],
  [
    'Whoever is in this network can change settings: wattslug passwd sets a password.',
    'Alle in diesem Netz können Einstellungen ändern: wattslug passwd setzt ein Passwort.'
  ],
  [
    'Nothing can be changed or published before a password is set: by the page, or by wattslug passwd.',
    'Ohne Passwort lässt sich nichts ändern und nichts senden: Zu setzen ist es hier unter Zugang oder mit wattslug passwd.'
  ],
  [
    'Nothing can be changed before a password is set: by the page, or by wattslug passwd.',
    'Ohne Passwort lässt sich nichts ändern: Zu setzen ist es hier unter Zugang oder mit wattslug passwd.'
  ],
  [
    'The pool of memory for clients was empty {} times: some were closed or missed messages.',
    'Der Vorrat für Nachrichten war {}-mal leer: Manche Clients wurden getrennt oder haben etwas verpasst.'
  ],
  // The store
  ['The store: {}', 'Die Ablage: {}'],
  ['what must outlive a restart is in {}', 'Was einen Neustart überleben muss, liegt in {}'],
  ['{} was damaged and is mended: what could be read of it is kept', '{} war beschädigt und ist geheilt: Was zu lesen war, ist noch da'],
  [
    '{} was damaged beyond repair: it is now {}, and a new one was begun',
    '{} war nicht zu retten und heißt jetzt {}; eine neue Ablage ist begonnen'
  ],
  [
    'What must outlive a restart waits in memory, and is written as soon as that works; it is tried each {} s.',
    'Was einen Neustart überleben muss, wartet im Arbeitsspeicher und wird geschrieben, sobald das geht; versucht wird es alle {} s.'
  ],
  ['{} cannot be used: {}', '{} ist nicht zu gebrauchen: {}'],
  ['{} cannot be opened: {}', '{} lässt sich nicht öffnen: {}'],
  // The password and the certificate
  ['The password: {}', 'Das Passwort: {}'],
  ['{} holds no password: wattslug passwd writes a new one', 'In {} steht keines: wattslug passwd schreibt ein neues'],
  ['{} cannot be read: {}', '{} ist nicht zu lesen: {}'],
  ['certificate for {} is in force until {}', 'Das Zertifikat für {} gilt bis {}'],
  ['certificate for {} ended on {}: clients refuse it', 'Das Zertifikat für {} galt bis {}: Clients lehnen es ab'],
  ['certificate for {} is not good before {}: clients refuse it', 'Das Zertifikat für {} gilt erst ab {}: Clients lehnen es ab'],
  [
    'certificate for {} is in force; whether it is good is known once the clock is set',
    'Das Zertifikat für {} ist in Kraft; ob es gilt, zeigt sich, sobald die Uhr gestellt ist'
  ],
  ['; the one until {} stays in force', '; das bis {} bleibt in Kraft'],
  ['; there is no TLS until that is mended', '; bis das behoben ist, gibt es kein TLS'],
  [
    'certificate for {} ends on {}, in less than {} days, and was not renewed',
    'Das Zertifikat für {} gilt nur noch bis {}, weniger als {} Tage, und wurde nicht erneuert'
  ]
]

const rules = sentences.map(([english, german]) => [ruleOf(english), german] as const)

/** What is not known stays as it is. */
export function inGerman(text: string): string {
  return rules.reduce((said, [rule, german]) => said.replace(rule, (_, ...parts) => filled(german, parts)), text)
}

/** A gap at either end is one word; a full stop ends a sentence, and is none of a name's dots. */
function ruleOf(english: string): RegExp {
  const pattern = english
    .replace(/[.?()]/g, sign => (sign === '.' ? '\\.(?!\\S)' : `\\${sign}`))
    .replace(/^\{\}|\{\}$/g, '(\\S+)')
    .replaceAll('{}', '(.+?)')
  return new RegExp(pattern, 'g')
}

function filled(german: string, parts: readonly unknown[]): string {
  let next = 0
  return german.replaceAll('{}', () => String(parts[next++]))
}
