#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['log-dirs', ...process.argv.slice(2)])
