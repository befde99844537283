package io.millrace.server.handler;

import io.millrace.coordination.topics.TopicCreation;
import io.millrace.coordination.topics.TopicDeletion;
import io.millrace.coordination.view.ClusterView;

/** The cluster's topics as requests may look at and change them. Any thread. */
public record TopicAccess(ClusterView view, TopicCreation creation, TopicDeletion deletion) {}
