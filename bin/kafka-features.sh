#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['features', ...process.argv.slice(2)])
