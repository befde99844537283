package io.millrace.rpc;

import java.util.List;
import java.util.function.Function;

/** The network. */
public interface Transport extends AutoCloseable {
  /** At least one; fixed for the transport's life. */
  List<EventLoop> loops();

  /**
   * Listens; accepted links are dealt to the loops in turn. Blocks until bound.
   *
   * @param opened called on the loop of each new link, before anything is read from it; returns who
   *     hears of it
   * @throws java.io.IOException with a message that names the address: in use, not ours,
   *     unresolvable
   */
  Listener listen(Endpoint address, Function<Link, LinkHandler> opened) throws java.io.IOException;

  /** Opens a link on that loop. Exactly one method of the handler is called, on the loop. */
  void connect(Endpoint to, EventLoop loop, long timeoutNanos, ConnectHandler handler);

  /** Closes every link and listener and ends the loops; waits for them. */
  @Override
  void close();

  /** An open listener. */
  interface Listener extends AutoCloseable {
    /** With the port that was found when 0 was asked for. */
    Endpoint address();

    /** Accepts no more; links stay. */
    @Override
    void close();
  }

  /** The outcome of {@link Transport#connect}. */
  interface ConnectHandler {
    /** Before anything is read from it; returns who hears of the link from now on. */
    LinkHandler connected(Link link);

    void failed(Throwable cause);
  }
}
