import { fleetError } from '@ddpm-fleet/core';
import type { LauncherDriver } from '../driver.js';

/** One driver made of two: the coordinator `here`, workers `there`. */
export function byRole(here: LauncherDriver, there: LauncherDriver): LauncherDriver {
  let isClosed = false;
  return {
    name: there.name,
    async start(spec) {
      if (isClosed) throw fleetError('DDPM_ERR_LAUNCH_START', { id: spec.id, reason: 'the launcher ends' });
      return (spec.role === 'coordinator' ? here : there).start(spec);
    },
    async close() {
      isClosed = true;
      await Promise.all([here.close(), there.close()]);
    },
  };
}
