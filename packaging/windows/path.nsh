; AddToPath and un.RemoveFromPath change the person's own PATH. A string of NSIS holds 1024 characters, and
; a PATH that went through one could come out cut: so it is read and written in memory of its own.

!define KEY_ALL_ACCESS 0xF003F
!define PATH_ROOM 65536 ; bytes; a value of the registry that is longer is left alone

; openPath reads PATH: key in $R0, text in $R1, type in $R2; $R0 is 0 if it cannot be changed.
!macro openPath
  StrCpy $R2 2 ; REG_EXPAND_SZ, for one that is not there yet
  System::Call 'advapi32::RegOpenKeyExW(p 0x80000001, w "Environment", i 0, i ${KEY_ALL_ACCESS}, *p .R0) i.r0'
  ${If} $0 <> 0
    StrCpy $R0 0
  ${Else}
    System::Alloc ${PATH_ROOM}
    Pop $R1
    IntOp $1 ${PATH_ROOM} - 4096 ; the rest is for what we add, and the end mark
    System::Call 'advapi32::RegQueryValueExW(p R0, w "Path", p 0, *i .R2, p R1, *i r1) i.r0'
    ${If} $0 = 2 ; there is none
      StrCpy $R2 2
    ${ElseIf} $0 <> 0
      System::Free $R1
      System::Call 'advapi32::RegCloseKey(p R0)'
      StrCpy $R0 0
    ${EndIf}
  ${EndIf}
!macroend

; closePath lets go of it, and tells running programs if $R3 is 1: it was changed.
!macro closePath
  ${If} $R3 = 1
    System::Call 'kernel32::lstrlenW(p R1) i.r1'
    IntOp $1 $1 * 2
    IntOp $1 $1 + 2
    System::Call 'advapi32::RegSetValueExW(p R0, w "Path", i 0, i R2, p R1, i r1) i.r0'
    SendMessage ${HWND_BROADCAST} ${WM_WININICHANGE} 0 "STR:Environment" /TIMEOUT=2000
  ${EndIf}
  System::Free $R1
  System::Call 'advapi32::RegCloseKey(p R0)'
!macroend

; findOurs finds our folder as an entry of its own: $R4 is where it begins, or 0; $R5 what follows it.
!macro findOurs
  System::Call 'shlwapi::StrStrIW(p R1, w "$INSTDIR") p.R4'
  StrCpy $R5 0
  ${If} $R4 P<> 0
    StrLen $1 "$INSTDIR"
    IntOp $1 $1 * 2
    IntPtrOp $R5 $R4 + $1
    System::Call '*$R5(&i2 .r2)'
    ${If} $2 <> 0
    ${AndIf} $2 <> 59 ; a semicolon
      StrCpy $R4 0 ; another folder, whose name begins like ours
    ${EndIf}
  ${EndIf}
!macroend

Function AddToPath
  !insertmacro openPath
  ${If} $R0 P= 0
    Return
  ${EndIf}
  StrCpy $R3 0
  !insertmacro findOurs
  ${If} $R4 P= 0
    System::Call 'kernel32::lstrlenW(p R1) i.r1'
    ${If} $1 > 0
      System::Call 'kernel32::lstrcatW(p R1, w ";$INSTDIR")'
    ${Else}
      System::Call 'kernel32::lstrcatW(p R1, w "$INSTDIR")'
    ${EndIf}
    StrCpy $R3 1
  ${EndIf}
  !insertmacro closePath
FunctionEnd

Function un.RemoveFromPath
  !insertmacro openPath
  ${If} $R0 P= 0
    Return
  ${EndIf}
  StrCpy $R3 0
  !insertmacro findOurs
  ${If} $R4 P<> 0
    System::Call '*$R5(&i2 .r2)'
    ${If} $R4 P<> $R1
      IntPtrOp $R4 $R4 - 2 ; the semicolon before it goes
    ${ElseIf} $2 = 59
      IntPtrOp $R5 $R5 + 2 ; or the one after it
    ${EndIf}
    System::Call 'kernel32::lstrlenW(p R5) i.r1'
    IntOp $1 $1 * 2
    IntOp $1 $1 + 2
    System::Call 'kernel32::RtlMoveMemory(p R4, p R5, p r1)'
    StrCpy $R3 1
  ${EndIf}
  !insertmacro closePath
FunctionEnd
