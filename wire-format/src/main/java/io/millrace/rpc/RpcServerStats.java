package io.millrace.rpc;

/**
 * What a server has seen since it started; a little behind when it is busy.
 *
 * @param connections open now
 * @param connectionsAccepted ever
 * @param connectionsRefused over a limit
 * @param connectionsCut closed from here for bad or too slow input
 * @param requests read whole and understood
 * @param requestsRefused answered with an error before any handler saw them
 * @param requestsInFlight now
 */
public record RpcServerStats(
    long connections,
    long connectionsAccepted,
    long connectionsRefused,
    long connectionsCut,
    long requests,
    long requestsRefused,
    long requestsInFlight) {}
