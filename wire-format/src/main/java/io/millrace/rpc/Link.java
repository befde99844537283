package io.millrace.rpc;

import java.nio.ByteBuffer;
import java.util.List;

/** One end of an established byte stream. Everything is called on its loop but {@link #loop}. */
public interface Link {
  /** Above this many pending bytes {@link #isWritable} says no. */
  long HIGH_MARK_BYTES = 2 << 20;

  /** Below this many it says yes again. */
  long LOW_MARK_BYTES = 1 << 20;

  EventLoop loop();

  /** Where the other end is, for logs and limits. */
  Endpoint remote();

  /**
   * Queues {@code head} and then the parts, to go out soon and in order. The link owns them from
   * now on: buffers must not change, slices are released by the link.
   *
   * @param whenGone runs on the loop exactly once, when no part is needed any more: all was handed
   *     to the network (true), or the link has closed (false)
   */
  void write(ByteBuffer head, List<Payload> parts, WriteDone whenGone);

  /** Bytes queued here and not yet taken by the network. */
  long pendingBytes();

  /**
   * False from the moment {@link #pendingBytes} is above the high mark until {@link
   * LinkHandler#onWritable}. Writing goes on to work; who writes on request stops taking requests.
   */
  boolean isWritable();

  /**
   * Memory of the transport's own pool, with whatever was in it, for whoever puts together what
   * came in pieces.
   *
   * @param size bytes, above 0
   */
  ReceivedBytes newBuffer(int size);

  /** False stops reading until set again: back-pressure to the other end. True at first. */
  void setReading(boolean reading);

  /** Both directions, at once; what is queued is dropped. {@code onClosed} follows. */
  void close();

  /** See {@link Link#write}. */
  @FunctionalInterface
  interface WriteDone {
    void done(boolean written);
  }
}
