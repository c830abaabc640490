import type { Host } from "./host.js";
import { requirePeer } from "./peers.js";

/** What Dibbler's server makes of a configuration: it serves and dumps it, ends with a status, or crashes. */
export interface Verdict {
  readonly verdict: "serves" | "refuses" | "crashes";
  /** server-CfgMgr.xml as soon as it serves. */
  readonly dump: string;
}

const cases = "/etc/dibbler/cases";
const results = "/var/log/dibbler/results";

/**
 * Starts Dibbler's server on one text after the other, all in this host, and ends it as soon as it serves:
 * its files are written by then. Takes some 30 ms each.
 */
export async function dibblerVerdicts(host: Host, texts: readonly string[]): Promise<readonly Verdict[]> {
  for (const [index, text] of texts.entries()) host.writeFile(`${cases}/${index}`, text);
  await host.shell(judgeAll(requirePeer("dibblerServer")));
  return texts.map((_text, index) => {
    const status = Number(host.readFile(`${results}/${index}.status`));
    const verdict = status === 0 ? "serves" : status === 1 ? "refuses" : "crashes";
    return { verdict, dump: host.readFile(`${results}/${index}.xml`) ?? "" };
  });
}

/** The last file that it writes before it serves is that of its transactions. */
const judgeAll = (program: string): string => `
mkdir -p ${results}
cd ${cases}
for index in *; do
  rm -rf /var/lib/dibbler/*
  cp $index /etc/dibbler/server.conf
  ${program} run >/var/log/dibbler/out 2>&1 &
  pid=$!
  status=serves
  while ! grep -q '</TSrvTransMgr>' /var/lib/dibbler/server-TransMgr.xml 2>/dev/null; do
    if ! kill -0 $pid 2>/dev/null; then status=ended; break; fi
    sleep 0.01
  done
  if [ $status = serves ]; then
    cp /var/lib/dibbler/server-CfgMgr.xml ${results}/$index.xml
    kill -KILL $pid
    wait $pid || :
    echo 0 >${results}/$index.status
  else
    wait $pid && code=0 || code=$?
    echo $code >${results}/$index.status
  fi
done
`;
