package io.millrace.server.broker;

/** Why a broker did not start, or could not go on: what kind, and for people what and where. */
public record Failure(Kind kind, String message) {
  /** Tells programs apart what an operator has to look at. */
  public enum Kind {
    /** ZooKeeper did not answer within the time a start waits for it. */
    CLUSTER_UNREACHABLE,
    /** Locked by another process, of another broker or cluster, or unusable. */
    DATA_DIRECTORY,
    /** An address could not be listened on. */
    LISTENER,
    /** The cluster does not take this broker: its id belongs to somebody else. */
    NOT_A_MEMBER,
    /** The disk failed: what it was told to keep cannot be trusted any more. */
    DISK_FAILED,
    /** A bug of ours. */
    INTERNAL
  }
}
