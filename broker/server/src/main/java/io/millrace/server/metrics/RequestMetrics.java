package io.millrace.server.metrics;

import io.millrace.rpc.RequestPhases;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.Request.ApiCase;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Requests by api, phase and error. Each loop has its own {@link OnLoop}; what they counted is put
 * together when somebody looks.
 */
final class RequestMetrics {
  private final SeriesRegistry registry;
  private final List<OnLoop> loops = new CopyOnWriteArrayList<>();

  /** What has a series already. Owner: the metrics worker. */
  private final Set<String> known = new HashSet<>();

  RequestMetrics(SeriesRegistry registry) {
    this.registry = registry;
  }

  /** For one loop of one listener. Any thread. */
  RequestPhases newLoop() {
    OnLoop loop = new OnLoop();
    loops.add(loop);
    return loop;
  }

  /** An error's series begins with the first such error. */
  void refreshed() {
    for (OnLoop loop : loops) {
      for (ApiCase api : ApiCase.values()) {
        OfApi its = loop.byApi.get(api);
        for (ErrorCode code : ErrorCode.values()) {
          if (its != null && its.errors.containsKey(code) && known.add(api + " " + code)) {
            registry.counter(
                BrokerMetric.REQUEST_ERRORS, () -> errors(api, code), text(api), text(code));
          }
        }
      }
    }
  }

  private long errors(ApiCase api, ErrorCode code) {
    long sum = 0;
    for (OnLoop loop : loops) {
      OfApi its = loop.byApi.get(api);
      Count errors = its == null ? null : its.errors.get(code);
      sum += errors == null ? 0 : errors.value;
    }
    return sum;
  }

  private static String text(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static final class Count {
    private long value;
  }

  /** One api on one loop. */
  private final class OfApi {
    private final EnumMap<ErrorCode, Count> errors = new EnumMap<>(ErrorCode.class);
    private final HdrReservoir.Writer whole;
    private final HdrReservoir.Writer queue;
    private final HdrReservoir.Writer handle;
    private final HdrReservoir.Writer write;

    OfApi(ApiCase api) {
      whole = registry.timer(BrokerMetric.REQUEST_SECONDS, text(api)).reservoir().newWriter();
      queue = phase(api, "queue");
      handle = phase(api, "handle");
      write = phase(api, "write");
    }

    private HdrReservoir.Writer phase(ApiCase api, String phase) {
      return registry
          .timer(BrokerMetric.REQUEST_PHASE_SECONDS, text(api), phase)
          .reservoir()
          .newWriter();
    }
  }

  /**
   * Owner: the loop. The worker reads the maps too, without a lock: an enum's map never moves what
   * is in it, so the worst is that it sees an entry a little late.
   */
  private final class OnLoop implements RequestPhases {
    private final EnumMap<ApiCase, OfApi> byApi = new EnumMap<>(ApiCase.class);

    @Override
    public void finished(Finished request) {
      OfApi its = byApi.get(request.api());
      if (its == null) {
        its = new OfApi(request.api());
        byApi.put(request.api(), its);
      }
      if (request.outcome() != Outcome.LOST) {
        its.whole.record(request.writtenNanos() - request.arrivedNanos());
        its.queue.record(request.startedNanos() - request.arrivedNanos());
        its.handle.record(request.answeredNanos() - request.startedNanos());
        its.write.record(request.writtenNanos() - request.answeredNanos());
      }
      if (request.error() != ErrorCode.ERROR_CODE_UNSPECIFIED) {
        Count errors = its.errors.get(request.error());
        if (errors == null) {
          errors = new Count();
          its.errors.put(request.error(), errors);
        }
        errors.value++;
      }
    }
  }
}
