package io.millrace.coordination.store;

/** What the content of a node is to us. */
public sealed interface ZnodeReading<T> {
  /**
   * It can be acted on.
   *
   * @param isComplete false when it holds fields that this program does not know, under a version
   *     that it does: they may be ignored by readers, but a writer would erase them, so nobody may
   *     write the node who has read it incompletely
   */
  record Understood<T>(T content, boolean isComplete) implements ZnodeReading<T> {}

  /** Of a later format: not to be acted on, and not damaged either. B73. */
  record FromTheFuture<T>(int version) implements ZnodeReading<T> {}

  /** Not what any version of the product writes. B71. */
  record Damaged<T>(String why) implements ZnodeReading<T> {}
}
