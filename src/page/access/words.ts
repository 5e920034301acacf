/** What is said where one has to log in, in each language: loaded when that is wanted first. */

import type { Asked, Need } from './said.ts'

export interface AccessWords {
  readonly title: Readonly<Record<Asked, string>>
  readonly why: Readonly<Record<'owner' | 'change', string>> & Readonly<Record<'first' | 'name', Readonly<Record<Need, string>>>>
  readonly go: Readonly<Record<Asked, string>>
  readonly name: string
  readonly nameHint: string
  readonly password: string
  readonly newPassword: string
  readonly newHint: string
  readonly lost: string
  readonly show: string
  readonly stay: string
  readonly haveName: string
  readonly short: string
  readonly wrong: string
  readonly wait: (seconds: number) => string
  readonly mayNot: string
  readonly taken: string
  readonly unusable: string
  readonly failed: (why: string) => string
}

const english: AccessWords = {
  title: { first: 'Choose a password', owner: 'Password', name: 'Log in', change: 'Change the password' },
  why: {
    owner: 'This needs the password that was set for wattslug.',
    change: 'From then on the new one counts, here and wherever the old one was used.',
    first: {
      see: 'This wattslug shows nothing without a password, and nobody has chosen one yet. The first one makes you its owner.',
      change: 'Everyone in this network may look; to change something takes a password. None is set yet: choose it now.',
      publish: 'Everyone in this network may look; to publish takes a password. None is set yet: choose it now.'
    },
    name: {
      see: 'This wattslug shows its readings to those who have a password.',
      change: 'This needs the name of someone who may change things.',
      publish: 'To publish, and to see topics beside the readings, takes a name and its password.'
    }
  },
  go: { first: 'Set the password', owner: 'Unlock', name: 'Log in', change: 'Change it' },
  name: 'Name',
  nameHint: '“owner” goes with the password of wattslug itself',
  password: 'Password',
  newPassword: 'New password',
  newHint: '8 characters or more. If it is ever lost, the machine that runs wattslug sets another (sudo wattslug passwd).',
  lost: 'Lost? The machine that runs wattslug sets another (sudo wattslug passwd).',
  show: 'Show it',
  stay: 'Stay logged in on this device',
  haveName: 'I have a name and a password',
  short: 'A password has 8 characters or more.',
  wrong: 'That isn’t right.',
  wait: seconds => `Too many wrong tries. Try again in ${seconds} s.`,
  mayNot: 'That is right, but this name may not do it.',
  taken: 'Someone has set a password meanwhile.',
  unusable:
    'The file with the password cannot be read, so nothing can be changed for now. Set one on the machine that runs wattslug (sudo wattslug passwd).',
  failed: why => `That didn’t work: ${why}`
}

const german: AccessWords = {
  title: { first: 'Passwort wählen', owner: 'Passwort', name: 'Anmelden', change: 'Passwort ändern' },
  why: {
    owner: 'Das braucht das Passwort, das für wattslug gesetzt wurde.',
    change: 'Von da an gilt das neue, hier und überall, wo das alte benutzt wurde.',
    first: {
      see: 'Dieses wattslug zeigt nichts ohne Passwort, und noch hat niemand eines gewählt. Wer das erste wählt, dem gehört es.',
      change: 'Alle in diesem Netz dürfen zusehen; etwas zu ändern braucht ein Passwort. Noch ist keines gesetzt: Wählen Sie es jetzt.',
      publish: 'Alle in diesem Netz dürfen zusehen; etwas zu senden braucht ein Passwort. Noch ist keines gesetzt: Wählen Sie es jetzt.'
    },
    name: {
      see: 'Dieses wattslug zeigt seine Messwerte denen, die ein Passwort haben.',
      change: 'Das braucht den Namen von jemandem, der etwas ändern darf.',
      publish: 'Etwas zu senden und Topics neben den Messwerten zu sehen braucht einen Namen und dessen Passwort.'
    }
  },
  go: { first: 'Passwort setzen', owner: 'Freigeben', name: 'Anmelden', change: 'Ändern' },
  name: 'Name',
  nameHint: '„owner“ gehört zum Passwort von wattslug selbst',
  password: 'Passwort',
  newPassword: 'Neues Passwort',
  newHint: 'Mindestens 8 Zeichen. Geht es verloren, setzt der Rechner, auf dem wattslug läuft, ein anderes (sudo wattslug passwd).',
  lost: 'Verloren? Der Rechner, auf dem wattslug läuft, setzt ein anderes (sudo wattslug passwd).',
  show: 'Anzeigen',
  stay: 'Auf diesem Gerät angemeldet bleiben',
  haveName: 'Ich habe einen Namen und ein Passwort',
  short: 'Ein Passwort hat mindestens 8 Zeichen.',
  wrong: 'Das stimmt nicht.',
  wait: seconds => `Zu viele falsche Versuche. Noch ${seconds} s warten.`,
  mayNot: 'Das stimmt, aber dieser Name darf das nicht.',
  taken: 'Inzwischen hat jemand ein Passwort gesetzt.',
  unusable:
    'Die Datei mit dem Passwort ist nicht zu lesen, deshalb lässt sich vorerst nichts ändern. Setzen Sie eines auf dem Rechner, auf dem wattslug läuft (sudo wattslug passwd).',
  failed: why => `Das ging nicht: ${why}`
}

/** @param language as the page's strings have it */
export function accessWords(language: string): AccessWords {
  return language === 'de' ? german : english
}
