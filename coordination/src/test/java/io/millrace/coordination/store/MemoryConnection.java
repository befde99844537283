package io.millrace.coordination.store;

/** One connection between a client and the server it found. */
final class MemoryConnection {
  private final MemoryStore client;
  private final long session;
  private final MemoryServer server;
  private final MemoryPipe toServer;
  private final MemoryPipe toClient;

  MemoryConnection(MemoryEnsemble ensemble, MemoryStore client, long session, MemoryTree leader) {
    this.client = client;
    this.session = session;
    toServer = new MemoryPipe(ensemble.loop(), ensemble::latencyNanos);
    toClient = new MemoryPipe(client.loop(), ensemble::latencyNanos);
    server = new MemoryServer(leader, path -> toClient(() -> client.onEvent(this, path)));
  }

  MemoryStore client() {
    return client;
  }

  long session() {
    return session;
  }

  /** On the ensemble's loop. */
  MemoryServer server() {
    return server;
  }

  void toServer(Runnable message) {
    toServer.send(message);
  }

  void toClient(Runnable message) {
    toClient.send(message);
  }

  void cut() {
    toServer.cut();
    toClient.cut();
  }
}
