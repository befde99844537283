package io.millrace.client;

import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells of interceptors that throw: the first time, the second, the fourth and so on. */
final class InterceptorFaults {
  private static final Logger log = LoggerFactory.getLogger(InterceptorFaults.class);

  private final AtomicLong count = new AtomicLong();

  /** Whatever it is, it is the application's, and records must go on. */
  void tell(Object interceptor, Throwable thrown) {
    long now = count.incrementAndGet();
    if (Long.bitCount(now) == 1) {
      log.error(
          "interceptor {} threw, {} times by now; nothing but this is affected",
          interceptor.getClass().getName(),
          now,
          thrown);
    }
  }
}
