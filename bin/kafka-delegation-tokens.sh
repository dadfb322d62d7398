#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['delegation-tokens', ...process.argv.slice(2)])
