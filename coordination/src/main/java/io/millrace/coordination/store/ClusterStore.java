package io.millrace.coordination.store;

import com.google.protobuf.ByteString;
import io.millrace.rpc.EventLoop;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * A tree of small versioned nodes that all brokers and clients share: ZooKeeper, or its twin.
 *
 * <p>Owner: {@link #loop()}. Every method but {@link #loop} and {@link #close} is called there, and
 * every stage completes and every listener is called there. Requests of one session take effect in
 * the order of the calls. Paths are absolute and without the chroot: {@code /topics/orders}.
 *
 * <p>Never trust a doubtful write: {@link WriteOutcome.Unknown} may have been applied, or may still
 * be. Reads are retried over short losses of contact; writes never are.
 */
public interface ClusterStore extends AutoCloseable {
  /** The loop that owns this store. From any thread. */
  EventLoop loop();

  /** As this session's server knows it, which may be behind others: see {@link #sync}. */
  CompletionStage<ReadOutcome<Node>> read(String path);

  /** Names of the children, without their parent's path, in no order. */
  CompletionStage<ReadOutcome<List<String>>> children(String path);

  /** Creates a node; its parent must be there. {@code /} creates the chroot and all above it. */
  CompletionStage<WriteOutcome> create(String path, ByteString data, NodeKind kind);

  /**
   * @param expectedVersion from a read: the write happens only on that very version
   */
  CompletionStage<WriteOutcome> set(String path, ByteString data, int expectedVersion);

  /**
   * @param expectedVersion from a read: the node goes only at that very version
   */
  CompletionStage<WriteOutcome> delete(String path, int expectedVersion);

  /** All of them or none. */
  CompletionStage<WriteOutcome> transact(List<StoreOp> ops);

  /**
   * Lets this session's server catch up: what others had been told as done before this call is seen
   * by reads called after it, even those called before it completes.
   *
   * @return false when contact was lost before it was certain
   */
  CompletionStage<Boolean> sync(String path);

  /**
   * Hears of changes at this path and everywhere below it, over losses of contact and over
   * sessions. The listener gets the path that changed, which is only a hint to read again: changes
   * may have been missed or merged, and may be past the one meant. After each new contact it gets
   * the watched path itself, as if all had changed. The node need not exist.
   */
  Subscription watchRecursive(String path, Consumer<String> listener);

  /** Hears what happens to the session, beginning with its present state. */
  Subscription onSession(Consumer<SessionEvent> listener);

  /** The session in contact with the store; empty without contact. */
  OptionalLong sessionId();

  /** What the server granted, which may differ from what was asked; as asked until then. */
  int sessionTimeoutMillis();

  /**
   * Ends the session, and with it the ephemeral nodes. From any thread; waits a bounded time for
   * the server to have heard. Later calls are rejected.
   */
  @Override
  void close();

  /** Ends what it was returned for. */
  interface Subscription extends AutoCloseable {
    /** On the store's loop; idempotent. */
    @Override
    void close();
  }
}
