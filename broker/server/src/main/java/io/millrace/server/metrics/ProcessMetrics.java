package io.millrace.server.metrics;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.lang.management.OperatingSystemMXBean;
import java.lang.management.RuntimeMXBean;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The process, from what the JVM tells of itself. Several brokers of one process tell the same.
 * Owner: the metrics worker.
 */
final class ProcessMetrics {
  private final SeriesRegistry registry;
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

  /** Nanoseconds of processor time by thread name, as of the last look. */
  private volatile Map<String, Long> cpuByThread = Map.of();

  ProcessMetrics(SeriesRegistry registry) {
    this.registry = registry;
    RuntimeMXBean runtime = ManagementFactory.getRuntimeMXBean();
    registry.gauge(BrokerMetric.PROCESS_UPTIME_SECONDS, () -> runtime.getUptime() / 1e3);
    registry.whole(BrokerMetric.JVM_THREADS, threads::getThreadCount);
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    addMemory("heap", memory::getHeapMemoryUsage);
    addMemory("nonheap", memory::getNonHeapMemoryUsage);
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      if (pool.getName()
          .matches("[a-z]+")) { // beside them there is "mapped - 'non-volatile memory'"
        registry.whole(BrokerMetric.JVM_BUFFER_BYTES, pool::getMemoryUsed, pool.getName());
      }
    }
    for (GarbageCollectorMXBean each : ManagementFactory.getGarbageCollectorMXBeans()) {
      String name = each.getName().toLowerCase(Locale.ROOT).replace(' ', '_');
      registry.counter(BrokerMetric.JVM_GC_COLLECTIONS, each::getCollectionCount, name);
      registry.fraction(BrokerMetric.JVM_GC_SECONDS, () -> each.getCollectionTime() / 1e3, name);
    }
    OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
    if (system instanceof UnixOperatingSystemMXBean unix) {
      registry.fraction(
          BrokerMetric.PROCESS_CPU_SECONDS, () -> Math.max(0, unix.getProcessCpuTime()) / 1e9);
      registry.whole(BrokerMetric.PROCESS_OPEN_HANDLES, unix::getOpenFileDescriptorCount);
      registry.whole(BrokerMetric.PROCESS_MAX_HANDLES, unix::getMaxFileDescriptorCount);
    }
  }

  private void addMemory(String area, Supplier<MemoryUsage> usage) {
    registry.whole(BrokerMetric.JVM_MEMORY_USED_BYTES, () -> usage.get().getUsed(), area);
    registry.whole(BrokerMetric.JVM_MEMORY_MAX_BYTES, () -> usage.get().getMax(), area);
  }

  /**
   * Begins to tell the processor time of a thread.
   *
   * @param name of the thread
   */
  void addThread(String name) {
    registry.fraction(
        BrokerMetric.THREAD_CPU_SECONDS, () -> cpuByThread.getOrDefault(name, 0L) / 1e9, name);
  }

  void refreshed() {
    if (!threads.isThreadCpuTimeSupported() || !threads.isThreadCpuTimeEnabled()) {
      return;
    }
    Map<String, Long> byName = new HashMap<>();
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null) {
        byName.merge(
            thread.getThreadName(),
            Math.max(0, threads.getThreadCpuTime(thread.getThreadId())),
            Long::sum);
      }
    }
    cpuByThread = Map.copyOf(byName);
  }
}
