package io.millrace.checker.log;

import io.millrace.checker.history.Event.Phase;
import io.millrace.checker.history.Step;
import java.util.Optional;

/**
 * What somebody wrote of a key, and what came of it. Each key is written by one producer, in the
 * order of the list that these stand in.
 *
 * @param value unique; empty: the key was deleted
 * @param offset {@link Step#UNKNOWN} where nobody was told
 * @param outcome {@code OK}: acknowledged; {@code FAIL}: it is not in the log; {@code INFO}: it may
 *     be
 */
public record KeyedWrite(String key, Optional<String> value, long offset, Phase outcome) {}
