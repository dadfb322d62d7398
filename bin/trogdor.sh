#!/usr/bin/env node
'use strict'
require('./tkafka').launch(['trogdor', ...process.argv.slice(2)])
