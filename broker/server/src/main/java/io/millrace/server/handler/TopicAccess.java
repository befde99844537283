package io.millrace.server.handler;

import io.millrace.coordination.store.OnLoop;
import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.coordination.topics.TopicCreation;
import io.millrace.coordination.topics.TopicDeletion;
import io.millrace.coordination.topics.TopicRequest;
import io.millrace.coordination.view.ClusterView;
import io.millrace.rpc.EventLoop;
import java.util.concurrent.CompletionStage;

/**
 * The cluster's topics as requests may look at and change them. Any thread.
 *
 * @param loop the store's
 */
public record TopicAccess(
    EventLoop loop, ClusterView view, TopicCreation creation, TopicDeletion deletion) {

  /** Put together on the store's loop, so that none of its steps can run on the caller's. */
  CompletionStage<CreateOutcome> create(TopicRequest wanted, boolean onlyValidate) {
    return OnLoop.call(
        loop, () -> onlyValidate ? creation.validate(wanted) : creation.create(wanted));
  }
}
