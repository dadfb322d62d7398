#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['leader-election', ...process.argv.slice(2)])
