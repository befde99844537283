package io.millrace.server.coordinator;

import io.millrace.server.partition.Refusal;

/** Answers that follow from what groups are. Owner: the partition's loop. */
final class GroupAnswers {
  private final GroupLog log;

  /** Hears once, on the partition's loop. */
  interface Reply<A> {
    void answer(A answer);

    void refuse(Refusal why);
  }

  GroupAnswers(GroupLog log) {
    this.log = log;
  }

  /** Once everything is committed that the answer may follow from. */
  <A> void tell(Reply<A> reply, A answer) {
    log.whenCommitted(
        new GroupLog.Waiter() {
          @Override
          public void onCommitted() {
            reply.answer(answer);
          }

          @Override
          public void onLost(Refusal why) {
            reply.refuse(why);
          }
        });
  }
}
