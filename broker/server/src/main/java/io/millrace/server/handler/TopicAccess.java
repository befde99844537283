package io.millrace.server.handler;

import io.millrace.coordination.topics.CreateOutcome;
import io.millrace.coordination.topics.TopicAlteration;
import io.millrace.coordination.topics.TopicCreation;
import io.millrace.coordination.topics.TopicDeletion;
import io.millrace.coordination.topics.TopicRequest;
import io.millrace.coordination.view.ClusterView;
import io.millrace.server.coordinator.GroupsTopic;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The cluster's topics as requests may look at and change them. Any thread. */
public record TopicAccess(
    ClusterView view, TopicCreation creation, TopicAlteration alteration, TopicDeletion deletion) {

  CompletionStage<CreateOutcome> create(TopicRequest wanted, boolean onlyValidate) {
    if (GroupsTopic.isName(wanted.name())) {
      return CompletableFuture.completedFuture(
          new CreateOutcome.Invalid(CreateOutcome.Invalid.Reason.NAME, GroupsTopic.whyNot()));
    }
    return onlyValidate ? creation.validate(wanted) : creation.create(wanted);
  }
}
