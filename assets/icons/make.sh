#!/bin/sh
# Draws every PNG from the SVG sources beside this script. Needs rsvg-convert (librsvg2-bin).
set -eu
cd "$(dirname "$0")"

for size in 16 22 24 32; do rsvg-convert -w $size -h $size app-small.svg -o app-$size.png; done
for size in 48 64 128 256 512; do rsvg-convert -w $size -h $size app.svg -o app-$size.png; done

# badge STATE: the mark in the upper right corner, without colour alone carrying the meaning.
badge() {
	case $1 in
	working) echo '<circle cx="48" cy="16" r="13" fill="MARK"/><path d="M42 19 L48 13 L54 19 M48 13 L48 24" fill="none" stroke="INK" stroke-width="4" stroke-linecap="round" stroke-linejoin="round" transform="translate(0 -2)"/>' ;;
	needs_sign_in) echo '<circle cx="48" cy="16" r="13" fill="WARN"/><path d="M48 9 L48 17" stroke="INK" stroke-width="4.500" stroke-linecap="round"/><circle cx="48" cy="23" r="2.600" fill="INK"/>' ;;
	offline) echo '<circle cx="48" cy="16" r="13" fill="OFF"/><path d="M43 11 L53 21 M53 11 L43 21" stroke="INK" stroke-width="4" stroke-linecap="round"/>' ;;
	quiet) echo '<path d="M44 5 A12 12 0 1 0 59 20 A10 10 0 0 1 44 5 Z" fill="MOON"/>' ;;
	signed_out) echo '<circle cx="48" cy="16" r="11" fill="none" stroke="OFF" stroke-width="4"/>' ;;
	attention) echo '<circle cx="48" cy="16" r="12" fill="NEWS"/>' ;;
	esac
}

# draw PALETTE CABIN HULL WATER GLASS OFF MARK WARN MOON NEWS INK
draw() {
	for state in fine working needs_sign_in offline quiet signed_out attention; do
		clear=16 cabin=$2 hull=$3 water=$4
		case $state in
		fine) clear=0 ;;
		signed_out | offline) cabin=$6 hull=$6 water=$6 ;;
		esac
		mark=$(badge $state)
		for size in 32 64; do
			sed -e "s|BADGE|$mark|" -e "s|CLEAR|$clear|" -e "s|CABIN|$cabin|" -e "s|HULL|$hull|" -e "s|WATER|$water|" \
				-e "s|GLASS|$5|g" -e "s|OFF|$6|g" -e "s|MARK|$7|g" -e "s|WARN|$8|g" -e "s|MOON|$9|g" -e "s|NEWS|${10}|g" -e "s|INK|${11}|g" tray.svg |
				sed '/^<!--/,/-->/d' | rsvg-convert -w $size -h $size -o "tray-$1-$state-$size.png"
		done
	done
}

# The colours of "color" keep a contrast of 3:1 or more on both white and near-black panels.
draw color '#3b8ad6' '#e8732a' '#3b8ad6' '#ffffff' '#808890' '#2a9d58' '#d98a00' '#9b72e0' '#e5384f' '#ffffff'
draw light '#ffffff' '#ffffff' '#ffffff' '#00000080' '#ffffff' '#ffffff' '#ffffff' '#ffffff' '#ffffff' '#000000'
draw dark '#1c1c1e' '#1c1c1e' '#1c1c1e' '#ffffffb0' '#1c1c1e' '#1c1c1e' '#1c1c1e' '#1c1c1e' '#1c1c1e' '#ffffff'
