package io.millrace.rpc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * The network as monitoring sees it: plain HTTP that can be read and not written. Runs on a thread
 * of its own, never on a loop that carries requests.
 */
public interface HttpTransport extends AutoCloseable {
  /**
   * Listens; blocks until bound.
   *
   * @throws IOException with a message that names the address and the reason
   */
  Listener listen(Endpoint address, Handler handler) throws IOException;

  /** Closes every listener and connection, and ends the thread; waits for it. */
  @Override
  void close();

  /** An open listener. */
  interface Listener extends AutoCloseable {
    /** With the port that was found when 0 was asked for. */
    Endpoint address();

    /** Takes no more connections and closes those there are. */
    @Override
    void close();
  }

  /** What stands behind a listener. */
  interface Handler {
    /**
     * On the transport's thread; must not block.
     *
     * @param answer takes the answer, once, from any thread; what comes too late is dropped
     */
    void handle(Query query, Consumer<Answer> answer);
  }

  /**
   * A GET or HEAD; what differs between them is the transport's business.
   *
   * @param path decoded, without a query string
   */
  record Query(String path) {}

  /**
   * What is sent back.
   *
   * @param body not to be changed any more
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier; nobody compares answers
  record Answer(int status, String contentType, byte[] body) {
    public static Answer text(int status, String text) {
      return new Answer(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    public static Answer json(int status, String json) {
      return new Answer(status, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }
  }
}
