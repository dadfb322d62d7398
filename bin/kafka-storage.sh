#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['storage', ...process.argv.slice(2)])
