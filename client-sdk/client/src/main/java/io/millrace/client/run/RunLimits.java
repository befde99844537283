package io.millrace.client.run;

/**
 * What bounds a run.
 *
 * @param queuedRecords of one partition, waiting for the application; exceeded by what one poll
 *     returns
 * @param commitNanos at least so often what was handled is committed
 * @param commitRecords or after so many records, if that is sooner
 * @param callNanos one call of the application may take so long
 */
public record RunLimits(int queuedRecords, long commitNanos, long commitRecords, long callNanos) {}
