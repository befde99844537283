package io.millrace.client.cluster;

/** Hears what may let something that waits go on. On the client's loop. */
public interface ClusterListener {
  /** The topic has become known, or something about it has changed. */
  default void onTopic(KnownTopic topic) {}

  /** The store says that there is no such topic any more. */
  default void onTopicGone(KnownTopic topic) {}

  /** The broker's connection opened, failed, closed, has room again, or may be tried again. */
  default void onBroker(int brokerId) {}
}
