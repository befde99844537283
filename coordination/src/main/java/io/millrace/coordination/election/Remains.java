package io.millrace.coordination.election;

/**
 * What a replica in doubt has.
 *
 * @param position {@link LogPosition#NOTHING} where there is no log
 * @param loss what it may have had beyond that
 */
public record Remains(LogPosition position, Loss loss) {}
