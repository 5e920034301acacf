/** What is said on the way to the first reading, in each language: loaded with it. */

export interface FirstWords {
  readonly title: string
  readonly patience: string
  /** In the order of the steps. */
  readonly steps: readonly [FirstStep, FirstStep, FirstStep]
  /** Read out before a step's title. */
  readonly marks: Readonly<Record<'done' | 'now' | 'later' | 'trouble', string>>
  readonly noPort: string
  readonly port: (path: string, adapter: string) => string
  readonly denied: (path: string) => string
  readonly busy: (path: string, holder: string) => string
  readonly quiet: string
  readonly heard: string
  readonly silent: string
  readonly unreadable: string
  readonly demo: string
}

interface FirstStep {
  readonly title: string
  readonly text: (host: string) => string
}

const english: FirstWords = {
  title: 'The way to the first reading',
  patience: 'There is nothing to set. wattslug looks by itself, and this page changes when the first reading comes: give it a minute.',
  steps: [
    {
      title: 'Plug in the meter’s cable',
      text: host =>
        `The plug that looks like a network plug goes into the display (CC128, Envi, EnviR or Classic), at its back or underside; the USB plug into the machine that runs wattslug, ${host}.`
    },
    {
      title: 'Let the display speak',
      text: () => 'It says something every 6 seconds while it is on and shows a power. At which speed it speaks, wattslug finds out.'
    },
    { title: 'See it here', text: () => 'The first number takes the place of all this.' }
  ],
  marks: { done: 'Done: ', now: 'Next: ', later: 'Then: ', trouble: 'Needs you: ' },
  noPort: 'No cable is seen yet. Plugged in, it shows here within seconds.',
  port: (path, adapter) => (path === '' ? 'A port is open.' : `Seen: ${path}${adapter === '' ? '' : ` (${adapter})`}`),
  denied: path => `${path === '' ? 'A cable' : path} is seen, but wattslug may not open it: what to do stands above.`,
  busy: (path, holder) =>
    `${path === '' ? 'A cable' : path} is seen, but ${holder === '' ? 'another program' : holder} has it open: it has to let go of it.`,
  quiet: 'Listening. Nothing is heard yet.',
  heard: 'Something is heard, but no whole message yet.',
  silent: 'Nothing comes. Is the plug all the way in at the display, and is the display on?',
  unreadable: 'What comes cannot be read: what to try stands above.',
  demo: 'No meter at hand? A simulated one shows what this page does:'
}

const german: FirstWords = {
  title: 'Der Weg zum ersten Messwert',
  patience:
    'Einzustellen ist nichts. wattslug sucht von selbst, und diese Seite ändert sich, sobald der erste Messwert kommt: Eine Minute darf es dauern.',
  steps: [
    {
      title: 'Das Kabel des Zählers einstecken',
      text: host =>
        `Der Stecker, der wie ein Netzwerkstecker aussieht, gehört hinten oder unten in die Anzeige (CC128, Envi, EnviR oder Classic), der USB-Stecker in den Rechner, auf dem wattslug läuft, ${host}.`
    },
    {
      title: 'Die Anzeige sprechen lassen',
      text: () =>
        'Solange sie an ist und eine Leistung zeigt, sagt sie alle 6 Sekunden etwas. Wie schnell sie spricht, findet wattslug heraus.'
    },
    { title: 'Hier ablesen', text: () => 'Die erste Zahl tritt an die Stelle von alldem.' }
  ],
  marks: { done: 'Erledigt: ', now: 'Jetzt: ', later: 'Danach: ', trouble: 'Braucht Hilfe: ' },
  noPort: 'Noch ist kein Kabel zu sehen. Eingesteckt, steht es nach Sekunden hier.',
  port: (path, adapter) => (path === '' ? 'Ein Anschluss ist offen.' : `Gesehen: ${path}${adapter === '' ? '' : ` (${adapter})`}`),
  denied: path => `${path === '' ? 'Ein Kabel' : path} ist da, aber wattslug darf es nicht öffnen: Was zu tun ist, steht oben.`,
  busy: (path, holder) =>
    `${path === '' ? 'Ein Kabel' : path} ist da, aber ${holder === '' ? 'ein anderes Programm' : holder} hält es offen und muss es loslassen.`,
  quiet: 'Es wird gelauscht. Noch ist nichts zu hören.',
  heard: 'Etwas ist zu hören, aber noch keine ganze Nachricht.',
  silent: 'Es kommt nichts. Steckt der Stecker ganz in der Anzeige, und ist sie an?',
  unreadable: 'Was kommt, ist nicht zu lesen: Was zu versuchen ist, steht oben.',
  demo: 'Kein Zähler zur Hand? Ein simulierter zeigt, was diese Seite kann:'
}

/** @param language as the page's strings have it */
export function firstWords(language: string): FirstWords {
  return language === 'de' ? german : english
}
