/** The peer from npm: aedes with ws as its documentation tells, on two given ports. */
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { Aedes } from 'aedes'
import { createWebSocketStream, WebSocketServer } from 'ws'

const [tcpPort, webSocketPort] = process.argv.slice(2).map(Number)

void Aedes.createBroker().then(aedes => {
  const http = createHttpServer()
  const webSockets = new WebSocketServer({ server: http })
  webSockets.on('connection', (webSocket, request) => aedes.handle(createWebSocketStream(webSocket), request))
  createServer(aedes.handle).listen(tcpPort, '127.0.0.1')
  http.listen(webSocketPort, '127.0.0.1')
})
