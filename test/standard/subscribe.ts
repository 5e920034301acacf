/** The statements about SUBSCRIBE and UNSUBSCRIBE, filters and shared subscriptions: 3.1.1 and 5.0, sections 3.8 to 3.11, 4.7 and 4.8. */
import t from 'tap'
import { endedBy, playScenes, type Scene } from '../fixtures/standard/play.ts'

/** A filter that is well-formed, and refused all the same. */
const tooDeep = "<'/'*64>"

const subscribing: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.8.1-1] [MQTT-3.8.1-1] SUBSCRIBE with other flags ends the connection',
    play: endedBy('81', '80{0001 ~ "t" 00}', '83{0001 ~ "t" 00}', '8a{0001 ~ "t" 00}')
  },
  {
    title: '[3.1.1 MQTT-3.8.3-1] [MQTT-3.8.3-1] a filter that is no UTF-8 ends the connection',
    play: endedBy('81', '82{0001 ~ <ff> 00}', '82{0001 ~ "t" 00 <eda080> 00}')
  },
  {
    title: '[3.1.1 MQTT-3.8.3-2] wildcards are supported, and their filters granted',
    play: `
      a connects
      a > 82{0001 "a/+" 00 "b/#" 01 "+" 02}
      a < 90{0001 00 01 02}
      a > 30{"a/x" '1'} 32{"b" 0001 '2'} 32{"b/x/y" 0002 '3'}
      a < 30{"a/x" '1'} 32{"b" 0001 '2'} 40020001 32{"b/x/y" 0002 '3'} 40020002`
  },
  { title: '[3.1.1 MQTT-3.8.3-3] [MQTT-3.8.3-2] SUBSCRIBE without a filter ends the connection', play: endedBy('82', '82{0001 ~}') },
  {
    title: '[3.1.1 MQTT-3.8.3-4] [MQTT-3.8.3-5] reserved bits and QoS 3 end the connection',
    play: endedBy('81', '82{0001 ~ "t" 03}', '82{0001 ~ "t" 40}', '82{0001 ~ "t" 80}', '82{0001 ~ "t" 00 "u" c1}', '82{0001 ~ "t" 30}')
  },
  {
    title: '[3.1.1 MQTT-3.8.3-4] bits that MQTT 5.0 knows are reserved in 3.1.1',
    play: endedBy('81', '82{0001 "t" 04}', '82{0001 "t" 08}', '82{0001 "t" 10}')
  },
  {
    title: '[MQTT-3.8.3-3] who asks for No Local is not sent its own messages, and those of others',
    play: `
      a connects
      a subscribes "t" 04
      b connects
      b subscribes "t" 00
      a > 30{"t" 00 'mine'}
      b < 30{"t" 00 'mine'}
      b > 30{"t" 00 'theirs'}
      a < 30{"t" 00 'theirs'}
      b < 30{"t" 00 'theirs'}`
  },
  { title: '[MQTT-3.8.3-4] No Local for a shared subscription ends the connection', play: endedBy('82', '82{0001 00 "$share/g/t" 04}') },
  {
    title: '[3.1.1 MQTT-3.8.4-1] [3.1.1 MQTT-3.8.4-2] [MQTT-3.8.4-1] [MQTT-3.8.4-2] SUBSCRIBE is answered with SUBACK of its id',
    play: `
      a connects
      a > 82{0007 ~ "t" 00} 82{0008 ~ "u" 01} 82{0007 ~ "v" 02}
      a < 90{0007 ~ 00} 90{0008 ~ 01} 90{0007 ~ 02}`
  },
  {
    title:
      '[3.1.1 MQTT-3.8.4-3] [MQTT-3.8.4-3] [MQTT-3.8.4-4] the same filter again replaces the subscription, brings the retained messages anew, and nothing is lost',
    play: `
      a connects
      a subscribes "t" 02
      b connects
      b > 35{"t" 0001 ~ '1'} 34{"t" 0002 ~ '2'}
      b < 50020001 50020002
      a < 34{"t" 0001 ~ '1'} 34{"t" 0002 ~ '2'}
      a subscribes "t" 01
      a < 33{"t" 0003 ~ '1'}
      b > 34{"t" 0003 ~ '3'}
      b < 50020003
      a < 32{"t" 0004 ~ '3'}
      a > 50020001 50020002
      a < 62020001 62020002
      a subscribes "t" 00
      a < 31{"t" ~ '1'}
      b > 34{"t" 0004 ~ '4'}
      b < 50020004
      a < 30{"t" ~ '4'}`
  },
  {
    title:
      '[3.1.1 MQTT-3.8.4-4] [3.1.1 MQTT-3.8.4-5] [MQTT-3.8.4-5] [MQTT-3.8.4-6] several filters are several subscriptions, with one SUBACK and a code for each',
    play: `
      a connects
      a > 82{0001 ~ "t" 00 "u" 01 "t" 01}
      a < 90{0001 ~ 00 01 01}
      b connects
      b > 32{"t" 0001 ~ 'x'} 32{"u" 0002 ~ 'y'}
      b < 40020001 40020002
      a < 32{"t" 0001 ~ 'x'} 32{"u" 0002 ~ 'y'}`
  },
  {
    title: '[3.1.1 MQTT-3.8.4-6] [MQTT-3.8.4-8] a message is delivered at the lesser of its QoS and the one granted',
    play: `
      a connects
      a subscribes "t" 00
      b connects
      b subscribes "t" 01
      c connects
      c subscribes "t" 02
      d connects
      d > 30{"t" ~ '0'} 32{"t" 0001 ~ '1'} 34{"t" 0002 ~ '2'}
      d < 40020001 50020002
      a < 30{"t" ~ '0'} 30{"t" ~ '1'} 30{"t" ~ '2'}
      b < 30{"t" ~ '0'} 32{"t" 0001 ~ '1'} 32{"t" 0002 ~ '2'}
      c < 30{"t" ~ '0'} 32{"t" 0001 ~ '1'} 34{"t" 0002 ~ '2'}`
  },
  {
    title:
      '[3.1.1 MQTT-3.9.3-1] [3.1.1 MQTT-3.9.3-2] [MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.9.3-2] SUBACK tells in the order of the filters what was granted, or a failure',
    play: `
      a connects
      a > 82{0001 ~ "t" 02 ${tooDeep} 00 "u" 00 "v" 01}
      a < 90{0001 ~ 02 [80](8f) 00 01}`
  }
]

const unsubscribing: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-3.10.1-1] [MQTT-3.10.1-1] UNSUBSCRIBE with other flags ends the connection',
    play: endedBy('81', 'a0{0001 ~ "t"}', 'a3{0001 ~ "t"}')
  },
  {
    title: '[3.1.1 MQTT-3.10.3-1] [MQTT-3.10.3-1] a filter that is no UTF-8 ends the connection',
    play: endedBy('81', 'a2{0001 ~ <ff>}', 'a2{0001 ~ "t" <eda080>}')
  },
  { title: '[3.1.1 MQTT-3.10.3-2] [MQTT-3.10.3-2] UNSUBSCRIBE without a filter ends the connection', play: endedBy('82', 'a2{0001 ~}') },
  {
    title: '[3.1.1 MQTT-3.10.4-1] [MQTT-3.10.4-1] only the very same filter is removed',
    play: `
      a connects
      a subscribes "t/u" 00
      a > a2{0002 ~ "t/U" "t/+" "t/u/" "/t/u" "t/#" "t"}
      a < b0{0002 (00 11 11 11 11 11 11)}
      a > 30{"t/u" ~ 'x'}
      a < 30{"t/u" ~ 'x'}
      a > a2{0003 ~ "t/u"}
      a < b0{0003 (00 00)}
      a > 30{"t/u" ~ 'x'}`
  },
  {
    title: '[3.1.1 MQTT-3.10.4-2] [MQTT-3.10.4-2] after UNSUBSCRIBE no new messages come',
    play: `
      a connects
      a > 82{0001 ~ "t" 02 "u" 00}
      a < 90{0001 ~ 02 00}
      a > a2{0002 ~ "t"}
      a < b0{0002 (00 00)}
      b connects
      b > 34{"t" 0001 ~ 'x'} 30{"u" ~ 'y'}
      b < 50{0001 (10)}
      a < 30{"u" ~ 'y'}`
  },
  {
    title: '[3.1.1 MQTT-3.10.4-3] [MQTT-3.10.4-3] deliveries that have begun are finished after UNSUBSCRIBE',
    play: `
      a connects to stay
      a subscribes "t" 02
      b connects
      b > 34{"t" 0001 ~ 'x'} 32{"t" 0002 ~ 'y'}
      b < 50020001 40020002
      a < 34{"t" 0001 ~ 'x'} 32{"t" 0002 ~ 'y'}
      a > a2{0002 ~ "t"}
      a < b0{0002 (00 00)}
      a > 50020001
      a < 62020001
      a vanishes
      a comes back
      a < 62020001 3a{"t" 0002 ~ 'y'}
      a > 70020001 40020002
      a vanishes
      a comes back`
  },
  {
    title: `[3.1.1 MQTT-3.10.4-4] [3.1.1 MQTT-3.10.4-5] [3.1.1 MQTT-3.10.4-6] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2] \
UNSUBSCRIBE is answered with one UNSUBACK of its id, which tells in their order what was removed and what was not there`,
    play: `
      a connects
      a > 82{0001 ~ "t" 00 "u" 00}
      a < 90{0001 ~ 00 00}
      a > a2{1234 ~ "none"} a2{1235 ~ "u" "none" "t"}
      a < b0{1234 (00 11)} b0{1235 (00 00 11 00)}`
  }
]

const filters: readonly Scene[] = [
  {
    title: '[3.1.1 MQTT-4.7.1-2] [MQTT-4.7.1-1] # stands alone or behind the last /, or the connection ends',
    play: `
      ${endedBy('8f', '82{0001 ~ "a#" 00}', '82{0001 ~ "a/#/b" 00}', '82{0001 ~ "#/" 00}', '82{0001 ~ "##" 00}', 'a2{0001 ~ "a/b#"}')}
      a connects
      a > 82{0001 ~ "#" 00 "a/#" 00}
      a < 90{0001 ~ 00 00}
      a > 30{"a" ~ 'parent'}
      a < 30{"a" ~ 'parent'}`
  },
  {
    title: '[3.1.1 MQTT-4.7.1-3] [MQTT-4.7.1-2] + takes up a level, or the connection ends',
    play: `
      ${endedBy('8f', '82{0001 ~ "a+" 00}', '82{0001 ~ "+a/b" 00}', '82{0001 ~ "a/++" 00}', 'a2{0001 ~ "a/b+"}')}
      a connects
      a subscribes "+/b/+" 00
      a > 30{"a/b/c" ~ '1'} 30{"/b/" ~ '2'} 30{"a/b" ~ '3'} 30{"a/b/c/d" ~ '4'}
      a < 30{"a/b/c" ~ '1'} 30{"/b/" ~ '2'}`
  },
  {
    title: '[3.1.1 MQTT-4.7.3-1] [MQTT-4.7.3-1] topics and filters have at least one character, or the connection ends',
    play: `
      ${endedBy('8f', '82{0001 ~ "" 00}', 'a2{0001 ~ ""}')}
      ${endedBy('[00](82)', '30{"" ~ \'x\'}')}
      a connects
      a subscribes "/" 00
      a > 30{"/" ~ 'x'}
      a < 30{"/" ~ 'x'}`
  },
  {
    title: '[3.1.1 MQTT-4.7.3-2] [MQTT-4.7.3-2] U+0000 in a topic or a filter ends the connection',
    play: endedBy('81', "30{<'a/' 00> ~}", "82{0001 ~ <'a/' 00> 00}", "a2{0001 ~ <00 '/a'>}")
  },
  {
    title:
      '[3.1.1 MQTT-4.7.3-3] [MQTT-4.7.3-3] topics and filters longer than 65,535 bytes cannot be written, and packets as long as those end the connection',
    play: endedBy('95', "30 83 80 04 ffff 't'*60000", "82 86 80 04 0001 ffff 't'*60000")
  },
  {
    title: '[3.1.1 MQTT-4.7.3-4] [MQTT-4.7.3-4] topics match as they are: letters, slashes and combined characters',
    play: `
      a connects
      a > 82{0001 ~ "t/a" 00 "é" 00 " " 00}
      a < 90{0001 ~ 00 00 00}
      a > 30{"T/a" ~} 30{"t/a/" ~} 30{"/t/a" ~} 30{"t//a" ~} 30{<'e' cc81> ~} 30{"  " ~} 30{"t/a" ~ 'x'} 30{"é" ~ 'y'} 30{" " ~ 'z'}
      a < 30{"t/a" ~ 'x'} 30{"é" ~ 'y'} 30{" " ~ 'z'}`
  }
]

const shares: readonly Scene[] = [
  {
    title: '[MQTT-4.8.2-1] [MQTT-4.8.2-2] a share has a name without wildcards, and a filter, or the connection ends',
    play: `
      ${endedBy('8f', '82{0001 00 "$share//t" 00}', '82{0001 00 "$share/g" 00}', '82{0001 00 "$share/g/" 00}', '82{0001 00 "$share/g+/t" 00}', '82{0001 00 "$share/#/t" 00}', '82{0001 00 "$share/" 00}')}
      a connects
      a subscribes "$share/g/t/#" 00
      a > 30{"t/1" 00 'x'}
      a < 30{"t/1" 00 'x'}`
  },
  {
    title: '[MQTT-4.8.2-3] each message goes to one member, at the lesser of its QoS and the one granted to that',
    play: `
      a connects
      a subscribes "$share/g/t" 00
      b connects
      b subscribes "$share/g/t" 01
      c connects
      c > 34{"t" 0001 00 '1'} 34{"t" 0002 00 '2'} 34{"t" 0003 00 '3'} 34{"t" 0004 00 '4'}
      c < 50020001 50020002 50020003 50020004
      a < 30{"t" 00 '1'} 30{"t" 00 '3'}
      b < 32{"t" 0001 00 '2'} 32{"t" 0002 00 '4'}`
  },
  {
    title: '[MQTT-4.8.2-4] a message at QoS 2 that a member has begun is finished with it when it is back',
    play: `
      a connects to stay
      a subscribes "$share/g/t" 02
      c connects
      c > 34{"t" 0001 00 'x'}
      c < 50020001
      a < 34{"t" 0001 00 'x'}
      b connects
      b subscribes "$share/g/t" 02
      a vanishes
      pass 60000
      a comes back
      a < 3c{"t" 0001 00 'x'}
      a > 50020001
      a < 62020001
      a > 70020001`
  },
  {
    title: '[MQTT-4.8.2-5] a message at QoS 2 that a member has begun ends with its session, one that it has not goes to another',
    play: `
      a > 10{"MQTT" 05 02 003c {21 0001} "a"}
      a < WELCOME
      a subscribes "$share/g/t" 02
      c connects
      c > 34{"t" 0001 00 'begun'} 34{"t" 0002 00 'waits'}
      c < 50020001 50020002
      a < 34{"t" 0001 00 'begun'}
      b connects
      b subscribes "$share/g/t" 02
      a vanishes
      b < 34{"t" 0001 00 'waits'}`
  },
  {
    title: '[MQTT-4.8.2-6] a message that a member refuses with PUBACK or PUBREC goes to no other',
    play: `
      a connects
      a subscribes "$share/g/t" 02
      c connects
      c > 32{"t" 0001 00 'x'} 34{"t" 0002 00 'y'}
      c < 40020001 50020002
      a < 32{"t" 0001 00 'x'} 34{"t" 0002 00 'y'}
      b connects
      b subscribes "$share/g/t" 02
      a > 40{0001 80} 50{0002 97}
      a vanishes`
  }
]

const dollars: readonly Scene[] = [
  {
    title: '[MQTT-4.7.2-1] [3.1.1 MQTT-4.7.2-1] a filter that begins with a wildcard does not match a topic that begins with $',
    play: `
      w connects
      w > 82{0001 ~ "#" 00 "+/one" 00 "+/#" 00}
      w < 90{0001 ~ 00 00 00}
      v connects
      v > 82{0001 ~ "$SYS/+" 00 "$SYS/#" 00}
      v < 90{0001 ~ 00 00}
      house "$SYS/one" 'x'
      house "SYS/one" 'y'
      w < 30{"SYS/one" ~ 'y'}
      v < 30{"$SYS/one" ~ 'x'}
      w subscribes "#" 00
      w < 31{"SYS/one" ~ 'y'}`
  }
]

await playScenes(t, [...subscribing, ...unsubscribing, ...filters, ...shares, ...dollars])
