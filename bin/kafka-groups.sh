#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['groups', ...process.argv.slice(2)])
